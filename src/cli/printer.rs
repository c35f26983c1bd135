//! The one place that prints: results to stdout, everything else to stderr.

use std::io;
use std::io::BufRead;
use std::io::BufWriter;
use std::io::Write;

use jiff::Timestamp;
use serde_json::json;
use tracing::Level;

use super::args::LogFormat;
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
        error_text(settings, Level::INFO, text);
    }
}

/// Tells GitHub Actions, which reads both streams, what to keep out of its log. Of a text of several lines it looks for
/// each by itself.
pub(crate) fn mask_on_github(secret: &str) {
    let escaped = secret
        .replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A");
    plain_text(&format!("::add-mask::{escaped}"));
    if secret.contains('\n') {
        let lines = secret
            .lines()
            .map(str::trim)
            .filter(|line| !line.is_empty());
        for line in lines {
            plain_text(&format!("::add-mask::{}", line.replace('%', "%25")));
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

/// On stderr, where a log of JSON has it as a line of its own kind.
fn error_text(settings: &Settings, level: Level, text: &str) {
    let text = text.trim_end_matches('\n');
    match settings.log_format {
        LogFormat::Text => plain_text(text),
        LogFormat::Json => plain_text(&log_line(level, text)),
    }
}

fn plain_text(text: &str) {
    let mut out = io::stderr().lock();
    let _ = writeln!(out, "{}", text.trim_end_matches('\n'));
}

/// As the log writes its own lines.
fn log_line(level: Level, text: &str) -> String {
    let line = json!({
        "timestamp": Timestamp::now().to_string(),
        "level": level.as_str(),
        "fields": { "message": text },
    });
    line.to_string()
}

/// What was found, drawn. Who wants it quiet sees errors alone.
pub(crate) fn problems(settings: &Settings, found: &Problems, sources: &Sources) {
    let errors: Problems;
    let shown = match settings.talk {
        Talk::Quiet => {
            errors = found.iter().filter(|one| one.is_error()).cloned().collect();
            &errors
        }
        Talk::Normal | Talk::Verbose | Talk::Everything => found,
    };
    if !shown.is_empty() {
        let level = match shown.has_errors() {
            true => Level::ERROR,
            false => Level::WARN,
        };
        error_text(settings, level, &draw(shown, sources, style(settings)));
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
    let (bold, plain) = if style(settings).colour == Colour::Ansi {
        ("\u{1b}[1;31m", "\u{1b}[0m")
    } else {
        ("", "")
    };
    let mut text = format!("{bold}error{plain}: {failure}");
    if let Some(help) = failure.help() {
        text.push_str(&format!("\n help: {help}"));
    }
    error_text(settings, Level::ERROR, &text);
}

fn style(settings: &Settings) -> Style {
    let colour = if settings.color_on_stderr() && settings.log_format == LogFormat::Text {
        Colour::Ansi
    } else {
        Colour::None
    };
    Style {
        width: settings.environment.width(),
        colour,
    }
}
