//! The table of mistakes: what an author writes, and what is told.
//!
//! Each problem reads `line:column+length code: message | help [line:column related]`. A row begins
//! after `institution` and `name`, which stand in the first two lines, unless the row is about the
//! whole file.
use super::*;

const TABLE: &str = include_str!("mistakes.txt");

#[test]
fn each_mistake_is_told_in_its_own_words() {
    let mut told = String::new();
    for row in TABLE.split_inclusive("\n\n") {
        let written: Vec<&str> = row
            .lines()
            .filter(|line| !line.is_empty() && !line.starts_with("=> "))
            .collect();
        told += &written.join("\n");
        for problem in problems(format!("institution: a\nname: A\n{}\n", written.join("\n"))) {
            told += "\n=> ";
            told += &problem;
        }
        told += "\n\n";
    }
    assert_eq!(told, TABLE, "the table, as it is now:\n{told}");
}

#[test]
fn whole_files_can_be_wrong() {
    let empty =
        "1:1+1 empty-file: the file is empty | delete it, or add at least one `name: value` line";
    let rows: [(&[u8], &str); 12] = [
        (b"", empty),
        (b"\n  \n# only a comment\n", empty),
        (
            b"PK\x03\x04\x00\x00",
            "1:1+1 not-text: the file is not text | expected YAML in UTF-8",
        ),
        (
            b"name: a\nx: caf\xe9\n",
            "2:7+1 not-utf8: the file is not valid UTF-8 | save the file as UTF-8",
        ),
        (
            b"\xff\xfea",
            "1:1+1 not-utf8: the file is not valid UTF-8 | save the file as UTF-8",
        ),
        (
            b"- a\n",
            "1:1+3 not-a-mapping: expected a mapping, found a list | write the file as `name: value` lines",
        ),
        (
            b"hello\n",
            "1:1+5 not-a-mapping: expected a mapping, found the text `hello` | write the file as `name: value` lines",
        ),
        (b"---\n", empty),
        (b"...\n", empty),
        (
            b"%YAML 1.2\n---\na: 1\n",
            "1:1+1 syntax: YAML directives are not supported | remove the line that starts with `%`",
        ),
        (
            b"- a\nb: c\n",
            "2:1+1 syntax: expected another `- ` item | a list cannot contain `name: value` lines; check the indentation",
        ),
        (
            b"name\n: a\n",
            "2:1+1 syntax: expected the end of the file | check the indentation of this line",
        ),
    ];
    for (content, expected) in rows {
        assert_eq!(
            problems(content),
            [expected],
            "{:?}",
            String::from_utf8_lossy(content)
        );
    }
}

#[test]
fn a_file_can_be_too_large() {
    let told = problems(format!("name: {}\n", "x".repeat(1024 * 1024)));
    let expected = "1:1+1 file-too-large: the file has 1048583 bytes, more than the limit of 1048576 | split it, or move the data out of the YAML";
    assert_eq!(told, [expected]);
}

#[test]
fn an_alias_bomb_does_not_go_off() {
    let mut text = "a0: &a0 [x, x, x, x, x, x, x, x, x]\n".to_string();
    for level in 1..30 {
        let before = format!("*a{}, ", level - 1).repeat(9);
        text += &format!("a{level}: &a{level} [{before}]\n");
    }
    let told = problems(text);
    assert_eq!(
        told,
        [
            "6:10+3 too-many-aliases: aliases expand to more than 100000 values | write out the values, or use fewer aliases"
        ]
    );
}

#[test]
fn values_cannot_nest_without_end() {
    let brackets = format!("require: {}\n", "[".repeat(1000));
    assert_eq!(
        problems(brackets),
        ["1:74+1 too-deep: values are nested too deeply | at most 64 levels are allowed"]
    );
    let mut aliases = "a0: &a0 [x]\n".to_string();
    for level in 1..100 {
        aliases += &format!("a{level}: &a{level} [[*a{}]]\n", level - 1);
    }
    let told = problems(aliases);
    assert_eq!(
        told,
        ["33:12+6 too-deep: values are nested too deeply | at most 64 levels are allowed"]
    );
}
