//! Enums that a column and JSON hold as texts: one list gives the names, both ways.
//!
//! A column of such an enum has a `CHECK`, so an unknown text is a mistake in a migration and never
//! data. To add a variant, add it to the enum and to the `CHECK`.

/// A text that is none of the names of an enum.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{text}` is not a {what}")]
pub struct UnknownName {
    /// The text.
    pub text: String,
    /// What it should be.
    pub what: &'static str,
}

/// An enum whose variants have names.
macro_rules! text_enum {
    ($(#[$about:meta])* $name:ident, $what:literal, { $($(#[$doc:meta])* $variant:ident = $text:literal),+ $(,)? }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $name {
            $($(#[$doc])* $variant),+
        }

        impl $name {
            /// The text in columns and JSON.
            pub fn name(self) -> &'static str {
                match self {
                    $($name::$variant => $text),+
                }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str(self.name())
            }
        }

        impl TryFrom<String> for $name {
            type Error = $crate::text_enum::UnknownName;

            fn try_from(text: String) -> Result<$name, $crate::text_enum::UnknownName> {
                match text.as_str() {
                    $($text => Ok($name::$variant),)+
                    _ => Err($crate::text_enum::UnknownName { text, what: $what }),
                }
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.name())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<$name, D::Error> {
                let text = <String as serde::Deserialize>::deserialize(deserializer)?;
                $name::try_from(text).map_err(serde::de::Error::custom)
            }
        }
    };
}
pub(crate) use text_enum;
