//! A headless Chromium, driven over WebDriver on the loopback: it clicks, types and reads as a
//! person would. Where none is installed, a test says so and passes; in CI (`CI=true`) it must be
//! there.

use serde_json::{Value as Json, json};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Keys as WebDriver writes them.
pub const ENTER: &str = "\u{e007}";
pub const ESCAPE: &str = "\u{e00c}";
pub const RIGHT: &str = "\u{e014}";
pub const TAB: &str = "\u{e004}";

/// The name under which elements travel.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

const SWITCHES: [&str; 10] = [
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--window-size=1400,1000",
];

/// A browser with one window.
pub struct Browser {
    driver: Child,
    port: u16,
    session: String,
    _profile: tempfile::TempDir,
}

impl Browser {
    /// Starts one; nothing, after saying so, where none is installed.
    pub fn open() -> Option<Browser> {
        let mut command = Command::new("chromedriver");
        let spawned = command
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let Ok(mut driver) = spawned else {
            #[allow(clippy::disallowed_methods, reason = "tests are an edge, too")]
            let ci = std::env::var("CI");
            assert_ne!(
                ci.as_deref(),
                Ok("true"),
                "no chromedriver: install chromium and chromium-driver"
            );
            eprintln!("skipped: no chromedriver is installed");
            return None;
        };
        let said = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port = said.map_while(Result::ok).find_map(|line| {
            line.split_once("successfully on port ")?
                .1
                .trim_end_matches('.')
                .parse()
                .ok()
        });
        let profile = tempfile::tempdir().unwrap();
        let mut browser = Browser {
            driver,
            port: port.expect("chromedriver says its port"),
            session: String::new(),
            _profile: profile,
        };
        let switches: Vec<String> = SWITCHES
            .into_iter()
            .map(str::to_owned)
            .chain([format!(
                "--user-data-dir={}",
                browser._profile.path().display()
            )])
            .collect();
        let wanted = json!({ "capabilities": { "alwaysMatch": { "goog:chromeOptions": { "args": switches } } } });
        let session = browser.ask("POST", "/session", &wanted);
        browser.session = format!("/session/{}", session["sessionId"].as_str().unwrap());
        Some(browser)
    }

    /// Opens a file.
    pub fn show(&self, file: &Path) {
        self.post(
            "/url",
            &json!({ "url": format!("file://{}", file.display()) }),
        );
    }

    /// Opens an address.
    pub fn visit(&self, address: &str) {
        self.post("/url", &json!({ "url": address }));
    }

    /// Shows what is open as a window of this width does, in a light or a dark scheme.
    pub fn look(&self, width: u32, scheme: &str) {
        let metrics =
            json!({ "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": false });
        self.tell("Emulation.setDeviceMetricsOverride", &metrics);
        self.tell(
            "Emulation.setEmulatedMedia",
            &json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] }),
        );
    }

    fn tell(&self, command: &str, parameters: &Json) {
        self.post(
            "/goog/cdp/execute",
            &json!({ "cmd": command, "params": parameters }),
        );
    }

    /// Clicks with the mouse in the middle of what a selector finds first.
    pub fn click(&self, css: &str) {
        let element = self.find(css);
        self.post(&format!("/element/{element}/click"), &json!({}));
    }

    /// Presses a key where the focus is.
    pub fn press(&self, key: &str) {
        let keys = json!([{ "type": "keyDown", "value": key }, { "type": "keyUp", "value": key }]);
        self.post(
            "/actions",
            &json!({ "actions": [{ "type": "key", "id": "keys", "actions": keys }] }),
        );
    }

    /// Whether a person sees what a selector finds first.
    pub fn sees(&self, css: &str) -> bool {
        self.ask(
            "GET",
            &format!("{}/element/{}/displayed", self.session, self.find(css)),
            &Json::Null,
        ) == json!(true)
    }

    /// What a script gives.
    pub fn script(&self, body: &str) -> Json {
        self.post("/execute/sync", &json!({ "script": body, "args": [] }))
    }

    /// Waits until a script gives `true`, whatever page is open by then.
    pub fn wait_for(&self, body: &str) {
        let (began, path) = (Instant::now(), format!("{}/execute/sync", self.session));
        let asked = json!({ "script": body, "args": [] });
        while self.answer("POST", &path, &asked) != json!(true) {
            assert!(began.elapsed() < Duration::from_secs(30), "never: {body}");
        }
    }

    fn find(&self, css: &str) -> String {
        let found = self.post(
            "/element",
            &json!({ "using": "css selector", "value": css }),
        );
        found[ELEMENT].as_str().unwrap().to_owned()
    }

    fn post(&self, path: &str, body: &Json) -> Json {
        self.ask("POST", &format!("{}{path}", self.session), body)
    }

    fn ask(&self, method: &str, path: &str, body: &Json) -> Json {
        let answer = self.answer(method, path, body);
        assert!(
            answer["error"].is_null(),
            "{method} {path} {body}: {answer}"
        );
        answer
    }

    /// The answer, also one that tells of an error.
    fn answer(&self, method: &str, path: &str, body: &Json) -> Json {
        let body = if body.is_null() {
            String::new()
        } else {
            body.to_string()
        };
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
            self.port,
            body.len()
        );
        stream.write_all((head + body.as_str()).as_bytes()).unwrap();
        let mut answer = BufReader::new(stream);
        let mut length = 0;
        loop {
            let mut line = String::new();
            answer.read_line(&mut line).unwrap();
            let lower = line.to_ascii_lowercase();
            if let Some(value) = lower.strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            if line.trim().is_empty() {
                break;
            }
        }
        let mut text = vec![0; length];
        answer.read_exact(&mut text).unwrap();
        let answer: Json = serde_json::from_slice(&text).unwrap();
        answer["value"].clone()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        if !self.session.is_empty() && !std::thread::panicking() {
            self.ask("DELETE", &self.session, &Json::Null);
        }
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
