//! `schema`: the shape of playbooks and reports, for editors and validators.

use crate::cli::args::SchemaArgs;
use crate::cli::args::SchemaOf;
use crate::cli::exit::Exit;
use crate::cli::printer;
use crate::playbook;
use crate::report;

pub(crate) fn run(args: &SchemaArgs) -> Exit {
    let schema = match args.of {
        SchemaOf::Playbook => playbook::json_schema(),
        SchemaOf::Report => report::schema(),
    };
    printer::result(&format!("{schema:#}\n"));
    Exit::Success
}
