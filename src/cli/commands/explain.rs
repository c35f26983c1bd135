//! `explain`: what a label means and what to do.

use std::fmt::Write;

use serde_json::json;

use crate::cli::args::TextOrJson;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::inspect_args::ExplainArgs;
use crate::cli::printer;
use crate::diag::did_you_mean;
use crate::report::Explanation;
use crate::report::Origin;
use crate::report::explain;
use crate::report::explanations;

pub(crate) fn run(args: &ExplainArgs) -> Result<Exit, Failure> {
    let found = match &args.label {
        Some(label) => vec![explain(label).ok_or_else(|| unknown(label))?],
        None => explanations(),
    };
    printer::result(&match (args.format, &args.label) {
        (TextOrJson::Json, _) => {
            let document = json!({ "version": 1, "labels": found });
            format!("{document:#}\n")
        }
        (TextOrJson::Text, Some(_)) => found.iter().map(whole).collect(),
        (TextOrJson::Text, None) => list(&found),
    })?;
    Ok(Exit::Success)
}

fn unknown(label: &str) -> Failure {
    let all = explanations();
    let names = all.iter().map(|known| known.label);
    // A label is often written without its prefix.
    let bare = all
        .iter()
        .filter_map(|known| known.label.strip_prefix("local:"));
    Failure::Arguments {
        message: format!("no label `{label}` is known"),
        help: did_you_mean(label, names.chain(bare))
            .or_else(|| Some("`sugarmill explain` lists all".into())),
    }
}

fn whole(found: &Explanation) -> String {
    let from = match found.origin {
        Origin::Sugar => "a label of Sugar",
        Origin::Local => "a label of sugarmill, of an operation",
        Origin::Check => "a code of sugarmill, of a mistake found before anything is sent",
    };
    let status = found
        .status
        .map_or(String::new(), |status| format!(", HTTP {status}"));
    format!(
        "{}: {from}{status}\n\n  means     {}\n  do        {}\n  repeated  {}\n",
        found.label, found.meaning, found.advice, found.repeated
    )
}

fn list(all: &[Explanation]) -> String {
    let width = all.iter().map(|known| known.label.len()).max().unwrap_or(0);
    let mut text = String::new();
    for (origin, heading) in [
        (Origin::Sugar, "labels of Sugar"),
        (Origin::Local, "labels of sugarmill"),
        (Origin::Check, "codes of mistakes in playbooks"),
    ] {
        if !text.is_empty() {
            text.push('\n');
        }
        writeln!(text, "{heading}").expect("a string takes any text");
        for known in all.iter().filter(|known| known.origin == origin) {
            writeln!(text, "  {:width$}  {}", known.label, known.meaning)
                .expect("a string takes any text");
        }
    }
    text
}
