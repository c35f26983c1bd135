//! `metadata pull`: the instance's metadata into a file that checks read without any credentials.

use std::path::Path;

use crate::check::Checked;
use crate::cli::definitions;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::inspect_args::MetadataPullArgs;
use crate::cli::instance::Manner;
use crate::cli::instance::Session;
use crate::cli::load;
use crate::cli::load::Loaded;
use crate::cli::printer;
use crate::cli::settings::Settings;
use crate::cli::written;
use crate::diag::counted;
use crate::diag::did_you_mean;
use crate::metadata;
use crate::metadata::Metadata;
use crate::wire::ModuleName;

pub(crate) async fn run(settings: &Settings, args: &MetadataPullArgs) -> Result<Exit, Failure> {
    let earlier = args.out.as_deref().map(earlier).transpose()?.flatten();
    let loaded = args
        .playbooks
        .iter()
        .map(|path| load::playbook(path, &args.paths.allow_path))
        .collect::<Result<Vec<Loaded>, Failure>>()?;
    let playbooks: Vec<&Checked> = loaded.iter().map(|loaded| &loaded.checked).collect();
    let modules: Vec<ModuleName> = args.modules.iter().map(ModuleName::new).collect();
    let session = Session::open(settings, Manner::default()).await?;
    let fetched = if modules.is_empty() && playbooks.is_empty() {
        definitions::everything(&session).await
    } else {
        definitions::needed(&session, &modules, &playbooks).await
    };
    session.close().await;
    let metadata = fetched?;
    if !modules.is_empty() || playbooks.is_empty() {
        refuse_nothing(&metadata)?;
    }
    refuse_unknown(&args.modules, &metadata)?;

    let text = metadata::to_text(&metadata);
    let Some(path) = &args.out else {
        printer::result(&text)?;
        return Ok(Exit::Success);
    };
    written::write_file(path, text.as_bytes())?;
    let changes = earlier.map_or(String::new(), |earlier| {
        match metadata::diff(&earlier, &metadata).len() {
            0 => ", nothing changed".into(),
            changes => format!(", {} since it was last written", counted(changes, "change")),
        }
    });
    printer::say(
        settings,
        &format!(
            "written to `{}`: {}{changes}",
            path.display(),
            size(&metadata)
        ),
    );
    Ok(Exit::Success)
}

/// The snapshot that is going to be replaced. A file that is something else is not.
fn earlier(path: &Path) -> Result<Option<Metadata>, Failure> {
    if !path.exists() {
        return Ok(None);
    }
    definitions::snapshot(path)
        .map(Some)
        .map_err(|_| Failure::Refused {
            message: format!("`{}` is there already and no snapshot", path.display()),
            help: Some("name another file with `-o`".into()),
        })
}

/// An instance has modules. A snapshot that says otherwise would let every playbook pass, or none.
fn refuse_nothing(metadata: &Metadata) -> Result<(), Failure> {
    match metadata.modules.is_empty() && metadata.module_list.is_empty() {
        true => Err(Failure::Instance(
            "the instance described no modules: what it answered to `/metadata` is no metadata, or this user may see none"
                .into(),
        )),
        false => Ok(()),
    }
}

/// A module that is asked for and not there is a slip; the instance would leave it out without a word.
fn refuse_unknown(modules: &[String], metadata: &Metadata) -> Result<(), Failure> {
    let unknown = modules
        .iter()
        .find(|module| metadata.module(module).is_none());
    match unknown {
        None => Ok(()),
        Some(module) => Err(Failure::Arguments {
            message: format!("the instance has no module `{module}`"),
            help: did_you_mean(module, metadata.module_names()),
        }),
    }
}

fn size(metadata: &Metadata) -> String {
    let fields = metadata.modules.values().map(|module| module.fields.len());
    format!(
        "{}, {}, {}",
        counted(metadata.modules.len(), "module"),
        counted(fields.sum::<usize>(), "field"),
        counted(metadata.dropdowns.len(), "dropdown list"),
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn an_answer_without_modules_makes_no_snapshot() {
        for body in [json!([]), json!({}), json!({ "_hash": "x", "modules": [] })] {
            let metadata = metadata::read(&body).metadata;
            let refused = refuse_nothing(&metadata).expect_err("there is nothing in it");
            assert!(
                refused.to_string().contains("described no modules"),
                "{body}"
            );
        }
        let some = json!({ "modules": { "Accounts": { "fields": [] } } });
        assert!(refuse_nothing(&metadata::read(&some).metadata).is_ok());
    }
}
