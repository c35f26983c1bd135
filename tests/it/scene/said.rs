//! What a command said and how it ended.

use std::fmt;
use std::process::Output;

use serde_json::Value;

pub(crate) struct Said {
    line: String,
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Said {
    pub(crate) fn of(line: &str, output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        Self {
            line: line.to_owned(),
            code: output.status.code(),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
        }
    }

    /// Stdout as the one JSON document it promises to be.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        match serde_json::from_str(&self.stdout) {
            Ok(value) => value,
            Err(error) => panic!("stdout is not one JSON document: {error}\n{self}"),
        }
    }

    /// A step of the JSON report.
    #[track_caller]
    pub(crate) fn step(&self, id: &str) -> Value {
        let report = self.json();
        let steps = report["steps"].as_array().cloned().unwrap_or_default();
        steps
            .into_iter()
            .find(|step| step["id"] == id)
            .unwrap_or_else(|| panic!("there is no step `{id}`\n{self}"))
    }

    /// An operation of the JSON report, by step and key.
    #[track_caller]
    pub(crate) fn operation(&self, step: &str, key: &str) -> Value {
        let found = self.step(step)["operations"].as_array().cloned();
        found
            .unwrap_or_default()
            .into_iter()
            .find(|operation| operation["key"] == key)
            .unwrap_or_else(|| panic!("there is no operation `{step}[{key}]`\n{self}"))
    }

    #[track_caller]
    pub(crate) fn says(&self, text: &str) {
        let all = format!("{}\n{}", self.stdout, self.stderr);
        // Reports break lines where they like.
        let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(
            flat(&all).contains(&flat(text)),
            "nothing says `{text}`\n{self}"
        );
    }
}

impl fmt::Display for Said {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "sugarmill {}\nexit {:?}\n--- stdout\n{}\n--- stderr\n{}",
            self.line, self.code, self.stdout, self.stderr
        )
    }
}
