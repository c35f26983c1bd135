//! The one place that prints: results to stdout, everything else to stderr.

use std::io;
use std::io::BufRead;
use std::io::BufWriter;
use std::io::Write;

use super::failure::Failure;
use super::settings::Settings;
use super::settings::Talk;
use crate::diag::Colour;
use crate::diag::Problems;
use crate::diag::Sources;
use crate::diag::Style;
use crate::diag::draw;
use crate::report::ReportError;

/// Columns of a file, which has no terminal.
const PLAIN_WIDTH: usize = 80;

/// Results. A reader that went away is no error: it has seen what it wanted.
pub(crate) fn result(text: &str) -> Result<(), Failure> {
    let mut out = results();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    Ok(written.map_err(ReportError::Write)?)
}

/// Results that are written piece by piece.
pub(crate) fn results() -> impl Write {
    Patient(BufWriter::new(io::stdout().lock()))
}

/// Takes what nobody reads any more for written.
struct Patient<W: Write>(BufWriter<W>);

impl<W: Write> Write for Patient<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self.0.write(bytes) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(bytes.len()),
            other => other,
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self.0.flush() {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
            other => other,
        }
    }
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

/// Asks a question, on the line where its answer is typed; only `yes` is taken for one.
pub(crate) fn agreed(question: &str) -> bool {
    let mut out = io::stderr().lock();
    let _ = write!(out, "{question}").and_then(|()| out.flush());
    let mut answer = String::new();
    let read = io::stdin().lock().read_line(&mut answer);
    read.is_ok_and(|_| answer.trim() == "yes")
}

/// What is logged. Where nobody takes it, there is nowhere to say so, and what is under way goes on.
pub(crate) struct Log;

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let _ = io::stderr().lock().write_all(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
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

/// Why a command ended, as a text of its own.
pub(crate) fn plain_failure(failure: &Failure) -> String {
    if let Failure::Problems {
        problems, sources, ..
    } = failure
    {
        let style = Style {
            width: PLAIN_WIDTH,
            colour: Colour::None,
        };
        return draw(problems, sources, style);
    }
    match failure.help() {
        Some(help) => format!("error: {failure}\n help: {help}\n"),
        None => format!("error: {failure}\n"),
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
