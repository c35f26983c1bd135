//! The one place that prints: results to stdout, everything else to stderr.

use std::io;
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

/// Tells GitHub Actions, which reads both streams, what to keep out of its log. Of a text of several lines it looks for
/// each by itself.
pub(crate) fn mask_on_github(secret: &str) {
    let escaped = secret
        .replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A");
    error_text(&format!("::add-mask::{escaped}"));
    if secret.contains('\n') {
        let lines = secret
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty());
        for line in lines {
            error_text(&format!("::add-mask::{}", line.replace('%', "%25")));
        }
    }
}

/// A question, on the line where its answer is typed.
pub(crate) fn ask(text: &str) {
    let mut out = io::stderr().lock();
    let _ = write!(out, "{text}").and_then(|()| out.flush());
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
