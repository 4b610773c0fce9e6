//! What the shapes of this module are in JSON Schema, so that editors complete and explain the YAML
//! from the very types that read it.
//!
//! A shape with a place is what it holds; a text may be written as any single value, as the decoder
//! takes it. To describe a type that is read from text: [`written_as!`](crate::written_as).

use super::{Located, Node, OneOrMany, Parsed, PositiveNumber, Required, Text, TextOr};
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use std::borrow::Cow;

/// A wrapper is described by what it holds.
macro_rules! as_inside {
    ($($shape:ident),*) => {$(
        impl<T: JsonSchema> JsonSchema for $shape<T> {
            fn inline_schema() -> bool {
                T::inline_schema()
            }

            fn schema_name() -> Cow<'static, str> {
                T::schema_name()
            }

            fn schema_id() -> Cow<'static, str> {
                T::schema_id()
            }

            fn json_schema(generator: &mut SchemaGenerator) -> Schema {
                T::json_schema(generator)
            }
        }
    )*};
}

as_inside!(Located, Required, Parsed);

/// Says how a type that is read from text is written: a name, what it is, and examples.
#[macro_export]
macro_rules! written_as {
    ($type:ty, $name:literal, $about:literal, [$($example:literal),+]) => {
        impl schemars::JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> std::borrow::Cow<'static, str> {
                $name.into()
            }

            fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
                schemars::json_schema!({ "type": "string", "title": $about, "examples": [$($example),+] })
            }
        }
    };
}

/// A schema without a name of its own.
macro_rules! plain {
    ($name:literal) => {
        fn inline_schema() -> bool {
            true
        }

        fn schema_name() -> Cow<'static, str> {
            $name.into()
        }
    };
}

impl JsonSchema for Text {
    plain!("Text");

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "string" })
    }
}

impl JsonSchema for Node {
    plain!("Anything");

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({})
    }
}

impl<T: JsonSchema> JsonSchema for PositiveNumber<T> {
    plain!("Positive");

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        json_schema!({ "type": "integer", "minimum": 1 })
    }
}

impl<T: JsonSchema> JsonSchema for OneOrMany<T> {
    plain!("OneOrMany");

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let one = generator.subschema_for::<T>();
        json_schema!({ "anyOf": [one, { "type": "array", "items": one }] })
    }
}

impl<S: JsonSchema, T: JsonSchema> JsonSchema for TextOr<S, T> {
    plain!("TextOr");

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let (short, full) = (
            generator.subschema_for::<S>(),
            generator.subschema_for::<T>(),
        );
        json_schema!({ "anyOf": [short, full] })
    }
}
