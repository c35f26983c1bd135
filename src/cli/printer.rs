//! The one place that prints: results to stdout, everything else to stderr.

use std::io;
use std::io::BufRead;
use std::io::Write;

use super::failure::Failure;
use super::settings::Settings;
use super::settings::Talk;
use crate::diag::Colour;
use crate::diag::Problems;
use crate::diag::Sources;
use crate::diag::Style;
use crate::diag::draw;

/// Results. A reader that went away is no error: it has seen what it wanted.
pub(crate) fn result(text: &str) {
    let mut out = io::stdout().lock();
    let _ = out.write_all(text.as_bytes()).and_then(|()| out.flush());
}

/// For people, beside the results.
pub(crate) fn say(settings: &Settings, text: &str) {
    if settings.talk > Talk::Quiet {
        error_text(text);
    }
}

/// Asks a question, on the line where its answer is typed; only `yes` is taken for one.
pub(crate) fn agreed(question: &str) -> bool {
    let mut out = io::stderr().lock();
    let _ = write!(out, "{question}").and_then(|()| out.flush());
    let mut answer = String::new();
    let read = io::stdin().lock().read_line(&mut answer);
    read.is_ok_and(|_| answer.trim() == "yes")
}

fn error_text(text: &str) {
    let mut out = io::stderr().lock();
    let _ = writeln!(out, "{}", text.trim_end_matches('\n'));
}

pub(crate) fn problems(settings: &Settings, problems: &Problems, sources: &Sources) {
    if !problems.is_empty() {
        error_text(&draw(problems, sources, style(settings)));
    }
}

/// Says why a command ended.
pub(crate) fn failure(settings: &Settings, failure: &Failure) {
    if let Failure::Problems {
        problems: found,
        sources,
        ..
    } = failure
    {
        problems(settings, found, sources);
        return;
    }
    let (bold, plain) = if settings.color_on_stderr() {
        ("\u{1b}[1;31m", "\u{1b}[0m")
    } else {
        ("", "")
    };
    error_text(&format!("{bold}error{plain}: {failure}"));
    if let Some(help) = failure.help() {
        error_text(&format!(" help: {help}"));
    }
}

fn style(settings: &Settings) -> Style {
    let colour = if settings.color_on_stderr() {
        Colour::Ansi
    } else {
        Colour::None
    };
    Style {
        width: settings.environment.width(),
        colour,
    }
}
