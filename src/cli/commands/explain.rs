//! `explain`: what a label means and what to do.

use serde_json::json;

use crate::cli::args::TextOrJson;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::inspect_args::ExplainArgs;
use crate::cli::printer;
use crate::cli::settings::Settings;
use crate::diag::did_you_mean;
use crate::report::explain;
use crate::report::explanation_text;
use crate::report::explanations;
use crate::report::explanations_text;

pub(crate) fn run(settings: &Settings, args: &ExplainArgs) -> Result<Exit, Failure> {
    let found = match &args.label {
        Some(label) => vec![explain(label).ok_or_else(|| unknown(label))?],
        None => explanations(),
    };
    let width = settings.environment.width();
    printer::result(&match (args.format, &args.label) {
        (TextOrJson::Json, _) => {
            let document = json!({ "version": 1, "labels": found });
            format!("{document:#}\n")
        }
        (TextOrJson::Text, Some(_)) => found
            .iter()
            .map(|found| explanation_text(found, width))
            .collect(),
        (TextOrJson::Text, None) => explanations_text(&found, width),
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
