//! `init`: what one starts with. Nothing that is there already is touched.

use std::path::Path;

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::inspect_args::InitArgs;
use crate::cli::printer;
use crate::cli::settings::Settings;
use crate::playbook;

/// Where each file goes, and what stands in it.
const STARTER: [(&str, &str); 6] = [
    ("sugarmill.toml", include_str!("../starter/sugarmill.toml")),
    (
        "playbooks/first.yaml",
        include_str!("../starter/first.yaml"),
    ),
    (
        ".github/workflows/sugarmill.yaml",
        include_str!("../starter/github.yaml"),
    ),
    (".gitlab-ci.yml", include_str!("../starter/gitlab.yaml")),
    (
        ".pre-commit-config.yaml",
        include_str!("../starter/pre-commit.yaml"),
    ),
    (".gitignore", include_str!("../starter/gitignore")),
];

/// What editors complete playbooks with.
const SCHEMA: &str = "playbook.schema.json";

pub(crate) fn run(settings: &Settings, args: &InitArgs) -> Result<Exit, Failure> {
    let folder = args.folder.as_deref().unwrap_or(Path::new(""));
    let schema = format!("{:#}\n", playbook::json_schema());
    let files = STARTER.into_iter().chain([(SCHEMA, schema.as_str())]);
    for (name, contents) in files {
        let path = folder.join(name);
        let word = if written(&path, contents)? {
            "written"
        } else {
            "kept   "
        };
        printer::result(&format!("{word}  {}\n", path.display()))?;
    }
    let first = folder.join("playbooks/first.yaml");
    printer::say(
        settings,
        &format!(
            "\nnext: `sugarmill plan {} --sandbox` shows what the playbook would do",
            first.display()
        ),
    );
    Ok(Exit::Success)
}

/// False where a file of that name is there.
fn written(path: &Path, contents: &str) -> Result<bool, Failure> {
    use std::io::Write;
    let failed = |source| Failure::Write {
        path: path.to_owned(),
        source,
    };
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    let file = std::fs::File::options()
        .write(true)
        .create_new(true)
        .open(path);
    match file {
        Ok(mut file) => {
            file.write_all(contents.as_bytes()).map_err(failed)?;
            Ok(true)
        }
        Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => Ok(false),
        Err(error) => Err(failed(error)),
    }
}
