//! What the program carries with it: a project from nothing, completions and man pages.

use std::path::Path;
use std::process::Command;

/// Runs the program in a folder: exit code, stdout, stderr.
fn weir(folder: &Path, words: &[&str]) -> (Option<i32>, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_weir"))
        .current_dir(folder)
        .args(words)
        .output()
        .unwrap();
    let [out, err] =
        [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
    (output.status.code(), out, err)
}

#[test]
fn a_folder_becomes_a_project_whose_first_draft_passes() {
    let home = tempfile::tempdir().unwrap();
    let (code, out, err) = weir(home.path(), &["init", "jobs"]);
    assert!(code == Some(0) && err.is_empty(), "{out}{err}");
    let folder = home.path().join("jobs");
    // Nothing but what a run needs is missing, and the message says how to go on.
    let (code, _, err) = weir(&folder, &["check"]);
    assert!(
        code == Some(2) && err.contains("`weir new NAME --from URL|FILE`"),
        "{err}"
    );
    assert_eq!(err.matches("error[").count(), 1, "{err}");
    std::fs::write(
        folder.join("board.json"),
        r#"[{"id": "K-1", "title": "Lock Keeper", "description": "<p>Work the locks by day.</p>"}]"#,
    )
    .unwrap();
    let (code, out, err) = weir(&folder, &["new", "lakeside", "--from", "board.json"]);
    assert_eq!(code, Some(0), "{out}{err}");
    let (code, out, err) = weir(&folder, &["check"]);
    assert_eq!(code, Some(0), "{out}{err}");
}

#[test]
fn what_is_there_is_kept() {
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir_all(home.path().join("pipelines")).unwrap();
    std::fs::write(home.path().join("pipelines/daily.yaml"), "# mine\n").unwrap();
    let (code, out, err) = weir(home.path(), &["init"]);
    assert!(
        code == Some(0) && out.contains("kept  pipelines/daily.yaml"),
        "{out}{err}"
    );
    let project = std::fs::read_to_string(home.path().join("weir.yaml")).unwrap();
    let (code, again, err) = weir(home.path(), &["init"]);
    assert!(
        code == Some(0) && !again.contains("weir.yaml"),
        "{again}{err}"
    );
    assert_eq!(
        std::fs::read_to_string(home.path().join("pipelines/daily.yaml")).unwrap(),
        "# mine\n"
    );
    assert_eq!(
        std::fs::read_to_string(home.path().join("weir.yaml")).unwrap(),
        project
    );
}

#[test]
fn shells_and_man_know_every_command() {
    let home = tempfile::tempdir().unwrap();
    let (_, help, _) = weir(home.path(), &["--help"]);
    let commands: Vec<&str> = help
        .lines()
        .skip_while(|line| *line != "Commands:")
        .skip(1)
        .take_while(|line| !line.is_empty())
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
        .filter_map(|line| line.split_whitespace().next())
        .filter(|name| *name != "help")
        .collect();
    assert!(commands.contains(&"run") && commands.len() > 25, "{help}");
    for shell in ["bash", "zsh", "fish"] {
        let (code, script, err) = weir(home.path(), &["completions", shell]);
        assert!(code == Some(0) && err.is_empty(), "{err}");
        for command in &commands {
            assert!(script.contains(command), "{shell}: {command}");
        }
    }
    let (code, _, err) = weir(home.path(), &["man", "--out", "man1"]);
    assert!(code == Some(0), "{err}");
    for command in &commands {
        let page = home.path().join(format!("man1/weir-{command}.1"));
        assert!(page.is_file(), "{command}");
    }
}
