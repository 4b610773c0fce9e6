//! robots.txt, read according to RFC 9309. Only the relevant part is kept: the rules of all groups
//! that name `weir`, or those of `*` if there is none. Any bytes yield some rules; nothing here
//! fails or uses the network.

use std::time::Duration;

/// The name by which publishers know us.
const PRODUCT: &[u8] = b"weir";
/// Maximum bytes read of a file; the RFC demands at least 500 KiB.
pub(super) const MOST_BYTES: usize = 512 * 1024;
/// Maximum delay that a file can demand.
const LONGEST_DELAY: Duration = Duration::from_secs(30);

/// What a publisher allows us.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct RobotsRules {
    rules: Vec<RobotsRule>,
    /// The demanded delay between requests; not standard, but widely used.
    pub(super) crawl_delay: Option<Duration>,
}

#[derive(Debug, Clone, PartialEq)]
struct RobotsRule {
    allows: bool,
    /// The text between the `*`.
    pieces: Vec<Vec<u8>>,
    /// Ends with `$`.
    to_end: bool,
    length: usize,
}

/// Whom the lines of the current group concern.
#[derive(Default)]
struct AgentGroup {
    us: bool,
    all: bool,
    /// Whether another `user-agent` line starts a new group.
    closed: bool,
}

impl RobotsRules {
    /// Reads a file.
    pub(super) fn parse(bytes: &[u8]) -> RobotsRules {
        let bytes = &bytes[..bytes.len().min(MOST_BYTES)];
        let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
        let (mut ours, mut everyones, mut group) = (
            None::<RobotsRules>,
            RobotsRules::default(),
            AgentGroup::default(),
        );
        for (key, value) in bytes
            .split(|byte| matches!(byte, b'\n' | b'\r'))
            .filter_map(key_and_value)
        {
            if key == b"user-agent" {
                group.names(value);
                if group.us {
                    ours.get_or_insert_default();
                }
                continue;
            }
            let concerned = [
                ours.as_mut().filter(|_| group.us),
                Some(&mut everyones).filter(|_| group.all),
            ];
            concerned
                .into_iter()
                .flatten()
                .for_each(|rules| rules.take(&key, value));
            group.closed |= matches!(key.as_slice(), b"allow" | b"disallow" | b"crawl-delay");
        }
        ours.unwrap_or(everyones)
    }

    fn take(&mut self, key: &[u8], value: &[u8]) {
        match key {
            b"allow" => self.rules.extend(RobotsRule::parse(value, true)),
            b"disallow" => self.rules.extend(RobotsRule::parse(value, false)),
            b"crawl-delay" => self.crawl_delay = self.crawl_delay.max(delay(value)),
            _ => {}
        }
    }

    /// A file that says the same, of ASCII alone.
    pub(super) fn written(&self) -> String {
        let mut text = format!("user-agent: {}\n", String::from_utf8_lossy(PRODUCT));
        for rule in &self.rules {
            let key = if rule.allows { "allow" } else { "disallow" };
            let pieces: Vec<_> = rule
                .pieces
                .iter()
                .map(|piece| String::from_utf8_lossy(piece))
                .collect();
            let end = if rule.to_end { "$" } else { "" };
            text.push_str(&format!("{key}: {}{end}\n", pieces.join("*")));
        }
        if let Some(delay) = self.crawl_delay {
            text.push_str(&format!("crawl-delay: {}\n", delay.as_secs_f64()));
        }
        text
    }

    /// Whether a path, with its query, may be requested: the longest rule decides, and allows if
    /// two are equally long.
    pub(super) fn allow(&self, path: &str) -> bool {
        let path = normal(path.as_bytes());
        let matching = self.rules.iter().filter(|rule| rule.matches(&path));
        path == b"/robots.txt"
            || matching
                .max_by_key(|rule| (rule.length, rule.allows))
                .is_none_or(|rule| rule.allows)
    }
}

impl AgentGroup {
    fn names(&mut self, agent: &[u8]) {
        if self.closed {
            *self = AgentGroup::default();
        }
        let token = agent
            .split(|byte| !byte.is_ascii_alphabetic() && !matches!(byte, b'-' | b'_'))
            .next()
            .unwrap_or_default();
        self.us |= token.eq_ignore_ascii_case(PRODUCT);
        self.all |= agent
            .strip_prefix(b"*")
            .is_some_and(|rest| rest.first().is_none_or(u8::is_ascii_whitespace));
    }
}

impl RobotsRule {
    /// An empty path is not a rule.
    fn parse(path: &[u8], allows: bool) -> Option<RobotsRule> {
        let (path, to_end) = path
            .strip_suffix(b"$")
            .map_or((path, false), |path| (path, true));
        let pieces: Vec<Vec<u8>> = path.split(|byte| *byte == b'*').map(normal).collect();
        let length =
            pieces.iter().map(Vec::len).sum::<usize>() + pieces.len() - 1 + usize::from(to_end);
        (length > 0).then_some(RobotsRule {
            allows,
            pieces,
            to_end,
            length,
        })
    }

    fn matches(&self, path: &[u8]) -> bool {
        let Some((first, others)) = self.pieces.split_first() else {
            return false;
        };
        let Some(mut rest) = path.strip_prefix(first.as_slice()) else {
            return false;
        };
        let Some((last, middle)) = others.split_last() else {
            return !self.to_end || rest.is_empty();
        };
        for piece in middle {
            let Some(after) = after(rest, piece) else {
                return false;
            };
            rest = after;
        }
        if self.to_end {
            rest.ends_with(last)
        } else {
            after(rest, last).is_some()
        }
    }
}

/// What follows the first place of `piece`.
fn after<'p>(path: &'p [u8], piece: &[u8]) -> Option<&'p [u8]> {
    if piece.is_empty() {
        return Some(path);
    }
    path.windows(piece.len())
        .position(|window| window == piece)
        .map(|at| &path[at + piece.len()..])
}

/// A line without its comment, as a lower-case key and a value.
fn key_and_value(line: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let line = line.split(|byte| *byte == b'#').next()?;
    let colon = line.iter().position(|byte| *byte == b':')?;
    Some((
        line[..colon].trim_ascii().to_ascii_lowercase(),
        line[colon + 1..].trim_ascii(),
    ))
}

fn delay(value: &[u8]) -> Option<Duration> {
    let seconds: f64 = std::str::from_utf8(value).ok()?.parse().ok()?;
    Duration::try_from_secs_f64(seconds)
        .ok()
        .map(|delay| delay.min(LONGEST_DELAY))
}

/// Characters that no address contains unescaped, or that are escaped in some parts of it only:
/// normalised to one spelling.
const ESCAPED: &[u8] = b"\"<>\\^`{|}'";

/// The normal form of a path (RFC 9309, 2.2.2): letters, digits and the like unescaped; non-ASCII,
/// invalid and the two special characters of rules escaped. Reserved characters are unchanged.
fn normal(path: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(path.len());
    let mut at = 0;
    while let Some(byte) = path.get(at) {
        let escaped = path
            .get(at + 1..at + 3)
            .filter(|_| *byte == b'%')
            .and_then(hexadecimal);
        at += if escaped.is_some() { 3 } else { 1 };
        match escaped.unwrap_or(*byte) {
            value if value.is_ascii_alphanumeric() || b"-._~".contains(&value) => out.push(value),
            value
                if escaped.is_none()
                    && value.is_ascii_graphic()
                    && !b"*$".contains(&value)
                    && !ESCAPED.contains(&value) =>
            {
                out.push(value);
            }
            value => out.extend_from_slice(format!("%{value:02X}").as_bytes()),
        }
    }
    out
}

fn hexadecimal(digits: &[u8]) -> Option<u8> {
    let is_number = digits.iter().all(u8::is_ascii_hexdigit);
    std::str::from_utf8(digits)
        .ok()
        .filter(|_| is_number)
        .and_then(|digits| u8::from_str_radix(digits, 16).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn allows(file: &str, path: &str) -> bool {
        RobotsRules::parse(file.as_bytes()).allow(path)
    }

    /// Section 5.1 of the RFC, with us in the place of its crawlers.
    #[test]
    fn the_simple_example() {
        let file = |first: &str, second: &str, third: &str| {
            format!(
                "User-Agent: *\nDisallow: *.gif$\nDisallow: /example/\nAllow: /publications/\n\nUser-Agent: {first}\nDisallow:/\nAllow:/example/page.html\n\
                 Allow:/example/allowed.gif\n\nUser-Agent: {second}\nUser-Agent: {third}\nAllow:/example/page.html\nAllow:/example/allowed.gif\n\n\
                 User-Agent: quxbot\n\nEOF\n"
            )
        };
        let nobody = file("foobot", "barbot", "bazbot");
        assert!(
            !allows(&nobody, "/a/b.gif")
                && allows(&nobody, "/a/b.gif?x")
                && !allows(&nobody, "/example/page.html")
                && allows(&nobody, "/other")
        );
        let foobot = file("weir", "barbot", "bazbot");
        assert!(
            !allows(&foobot, "/")
                && allows(&foobot, "/example/page.html")
                && !allows(&foobot, "/publications/")
        );
        let bazbot = file("foobot", "barbot", "weir");
        assert!(allows(&bazbot, "/example/other") && allows(&bazbot, "/x.gif"));
        assert!(allows(
            &file("foobot", "barbot", "bazbot").replace("quxbot", "weir"),
            "/example/x"
        ));
    }

    /// Section 5.2.
    #[test]
    fn the_longest_match_wins() {
        let file =
            "User-Agent: foobot\nAllow: /example/page/\nDisallow: /example/page/disallowed.gif\n"
                .replace("foobot", "weir");
        assert!(!allows(&file, "/example/page/disallowed.gif"));
        assert!(allows(&file, "/example/page/other.gif"));
        assert!(allows("user-agent: *\ndisallow: /a\nallow: /a\n", "/a"));
        assert!(!allows(
            "user-agent: *\nallow: /a\ndisallow: /a*b\n",
            "/axb"
        ));
    }

    #[test]
    fn our_name_in_any_case_and_with_a_version() {
        for agent in ["WEIR", "Weir/1.0", "weir (jobs)"] {
            assert!(
                !allows(&format!("User-agent: {agent}\nDisallow: /\n"), "/x"),
                "{agent}"
            );
        }
        for agent in ["weirdo", "aweir", "weir-bot", "**"] {
            assert!(
                allows(&format!("User-agent: {agent}\nDisallow: /\n"), "/x"),
                "{agent}"
            );
        }
    }

    #[test]
    fn groups_of_one_agent_are_one_and_do_not_inherit() {
        let file = "user-agent: weir\ndisallow: /a\n\nuser-agent: *\ndisallow: /\n\nuser-agent: other\nuser-agent: weir\ndisallow: /b\n";
        assert!(!allows(file, "/a") && !allows(file, "/b") && allows(file, "/c"));
    }

    #[test]
    fn other_lines_and_rules_without_a_group_are_passed_over() {
        let file = "disallow: /\nsitemap: https://x/s.xml\nuser-agent: weir\nsitemap: https://x/t.xml\nuser-agent: other\nnonsense\ndisallow: /a # no\n";
        assert!(allows(file, "/") && !allows(file, "/a"));
    }

    #[test]
    fn stars_and_ends() {
        let file = "user-agent: *\ndisallow: /*/apply$\ndisallow: /s?*q=*&p=\ndisallow: /file%2A\n";
        assert!(
            !allows(file, "/jobs/1/apply")
                && allows(file, "/jobs/1/apply/x")
                && allows(file, "/apply")
        );
        assert!(!allows(file, "/s?lang=en&q=a&p=2") && allows(file, "/s?q=a"));
        assert!(!allows(file, "/file*") && allows(file, "/fileX"));
        assert!(
            !allows("user-agent: *\ndisallow: *\n", "/x")
                && !allows("user-agent: *\ndisallow: /$\n", "/")
        );
        assert!(allows("user-agent: *\ndisallow: /a*a$\n", "/a"));
    }

    #[test]
    fn spellings_of_a_path_are_one() {
        let cases = [
            ("/foo/bar/%62%61%7A", "/foo/bar/baz"),
            ("/foo/bar/ツ", "/foo/bar/%E3%83%84"),
            ("/a%2fb", "/a%2Fb"),
            ("/ö", "/%c3%b6"),
        ];
        for (rule, path) in cases {
            assert!(
                !allows(&format!("user-agent: *\ndisallow: {rule}\n"), path),
                "{rule}"
            );
            assert!(
                !allows(&format!("user-agent: *\ndisallow: {path}\n"), rule),
                "{path}"
            );
        }
        assert!(allows("user-agent: *\ndisallow: /a%2Fb\n", "/a/b"));
    }

    #[test]
    fn rules_and_addresses_are_escaped_alike() {
        let paths = [
            "/a<b",
            "/q{x}",
            "/s\"t",
            "/b c",
            "/p|q",
            "/it's",
            "/r^s`t",
            "/a?x='1'&y=<>",
            "/%zz",
            "/\u{e9}t\u{e9}",
        ];
        for path in paths {
            let url = url::Url::parse(&format!("https://a.example{path}")).unwrap();
            let asked = &url[url::Position::BeforePath..];
            assert!(
                !allows(&format!("user-agent: *\ndisallow: {path}\n"), asked),
                "{path} {asked}"
            );
            assert!(
                !allows(&format!("user-agent: *\ndisallow: {asked}\n"), asked),
                "{asked}"
            );
            assert!(
                allows(
                    &format!("user-agent: *\ndisallow: /\nallow: {path}\n"),
                    asked
                ),
                "{path}"
            );
        }
        // Signs that mean something in an address are not what they are escaped.
        for (rule, path) in [
            ("/a%2Fb", "/a/b"),
            ("/a?b", "/a%3Fb"),
            ("/a%26b", "/a&b"),
            ("/a%23b", "/a"),
        ] {
            assert!(
                allows(&format!("user-agent: *\ndisallow: {rule}\n"), path),
                "{rule}"
            );
        }
    }

    #[test]
    fn bytes_of_all_kinds() {
        assert!(!allows("\u{feff}User-agent: *\r\nDisallow: /\r\n", "/x"));
        assert!(!allows("User-agent: *\rDisallow: /x\r", "/x"));
        assert!(allows(
            "<!doctype html><html><body>not found</body></html>",
            "/x"
        ));
        assert!(allows("user-agent: *\ndisallow:\n", "/x") && allows("", "/x"));
        assert_eq!(
            RobotsRules::parse(b"\xff\xfe: \x00\n%%%:\nuser-agent: *\ndisallow: /%\n")
                .rules
                .len(),
            1
        );
        let late = format!("{}\nuser-agent: *\ndisallow: /\n", "#".repeat(MOST_BYTES));
        assert!(allows(&late, "/x"));
        assert!(allows("user-agent: *\ndisallow: /\n", "/robots.txt"));
    }

    #[test]
    fn what_is_written_is_read_as_the_same() {
        let rules = [
            "disallow: /",
            "disallow: *.gif$",
            "allow: /a*b*$",
            "disallow: /$",
            "disallow: *",
            "disallow: $",
            "disallow: /ツ/%zz/%2A%24/a%2fb # no",
            "disallow: /b c\"<>{}",
            "allow: /x#y\ncrawl-delay: 2.5",
            "disallow:",
            "crawl-delay: 0.1",
        ];
        for agent in ["weir", "*", "other"] {
            let file = rules
                .map(|rule| format!("user-agent: {agent}\n{rule}\n"))
                .concat();
            let read = RobotsRules::parse(file.as_bytes());
            let written = read.written();
            assert!(written.is_ascii());
            assert_eq!(RobotsRules::parse(written.as_bytes()), read, "{written}");
        }
    }

    #[test]
    fn delays_are_capped() {
        let delay = |text: &str| {
            RobotsRules::parse(format!("user-agent: *\ncrawl-delay: {text}\n").as_bytes())
                .crawl_delay
        };
        assert_eq!(delay("2.5"), Some(Duration::from_millis(2500)));
        assert_eq!(delay("86400"), Some(LONGEST_DELAY));
        for bad in ["-1", "NaN", "inf", "soon", ""] {
            assert_eq!(delay(bad), None, "{bad}");
        }
    }
}
