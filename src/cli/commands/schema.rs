//! `schema`: the shape of playbooks and reports, for editors and validators.

use crate::cli::args::SchemaArgs;
use crate::cli::args::SchemaOf;
use crate::cli::definitions;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::printer;
use crate::playbook;
use crate::report;

pub(crate) fn run(args: &SchemaArgs) -> Result<Exit, Failure> {
    let schema = match (args.of, &args.metadata) {
        (SchemaOf::Playbook, None) => playbook::json_schema(),
        (SchemaOf::Playbook, Some(path)) => {
            playbook::json_schema_for(&definitions::snapshot(path)?)
        }
        (SchemaOf::Report, None) => report::schema(),
        (SchemaOf::Report, Some(_)) => {
            return Err(Failure::Arguments {
                message: "a report has the same shape whatever the instance".into(),
                help: Some("leave out `--metadata`, or write `schema playbook`".into()),
            });
        }
    };
    printer::result(&format!("{schema:#}\n"))?;
    Ok(Exit::Success)
}
