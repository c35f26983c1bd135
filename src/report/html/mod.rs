//! The report as a page for browsers: one file that fetches nothing, works without a network, and says what it leaves out.
//!
//! `page.html` is the template, with escaping on; style and script are named to the browser by their hashes, so that it
//! runs nothing else, whatever a record holds.

mod chart;
mod diff;
mod operations;
mod page;
mod sections;

use std::io::Write;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use minijinja::Environment;
use minijinja::HtmlEscape;
use minijinja::State;
use minijinja::UndefinedBehavior;
use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::value::Value;
use sha2::Digest as _;
use sha2::Sha256;

use super::Privacy;
use super::Report;
use super::ReportError;
use super::source::Source;
use crate::runfile::RunView;

const PAGE: &str = include_str!("page.html");
const FAILURE: &str = include_str!("failure.html");

/// What stands in many places of the page, as filters: the value of a field, and an operation by its key.
const PIECES: [(&str, &str, &str); 2] = [
    ("cell", "cell.html", include_str!("cell.html")),
    ("named", "named.html", include_str!("named.html")),
];

const STYLE: &str = include_str!("page.css");
const SCRIPT: &str = include_str!("page.js");

/// Writes the page. Of very many operations it holds some thousand, those that went wrong first.
pub fn write_html(
    view: &RunView,
    privacy: Privacy,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    let source = Source::open(view, privacy)?;
    let page = page::Page::of(&source)?;
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).build()?);
    // The ending of the name turns escaping on.
    environment.add_template("page.html", PAGE)?;
    for (name, file, template) in PIECES {
        environment.add_template(file, template)?;
        environment.add_filter(name, move |state: &State, it: Value| {
            let template = state.env().get_template(file)?;
            let piece = template.render(minijinja::context! { it => it })?;
            Ok::<_, minijinja::Error>(Value::from_safe_string(piece))
        });
    }
    environment.add_filter("said", said);
    let context = minijinja::context! {
        page => Value::from(Serde(&page)),
        policy => policy(),
        style => STYLE,
        script => SCRIPT,
    };
    let template = environment.get_template("page.html")?;
    template.render_captured_to(context, out)?;
    Ok(())
}

/// The page of a command that came to no run file: what it says instead.
pub fn write_html_of_failure<O>(
    report: &Report<O>,
    text: &str,
    out: &mut dyn Write,
) -> Result<(), ReportError> {
    let mut environment = Environment::new();
    environment.add_template("failure.html", FAILURE)?;
    let playbook = &report.playbook;
    let context = minijinja::context! {
        name => if playbook.name.is_empty() { &playbook.path } else { &playbook.name },
        verdict => report.result.as_str(),
        text,
        policy => policy(),
        style => STYLE,
    };
    let template = environment.get_template("failure.html")?;
    template.render_captured_to(context, out)?;
    Ok(())
}

/// A sentence, with what it has in backticks as code.
fn said(text: &str) -> Value {
    let pieces = text.split('`').zip([false, true].into_iter().cycle());
    let pieces = pieces.map(|(piece, is_code)| match (is_code, HtmlEscape(piece)) {
        (true, piece) => format!("<code>{piece}</code>"),
        (false, piece) => piece.to_string(),
    });
    Value::from_safe_string(pieces.collect())
}

/// What the browser may do: show this style and run this script, and nothing besides.
fn policy() -> String {
    format!(
        "default-src 'none'; style-src '{}'; script-src '{}'; base-uri 'none'; form-action 'none'",
        hash(STYLE),
        hash(SCRIPT)
    )
}

fn hash(text: &str) -> String {
    format!("sha256-{}", STANDARD.encode(Sha256::digest(text)))
}
