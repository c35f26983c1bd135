//! Secrets of a playbook: from the environment or a file into a vault, when it is planned and when it is applied.

use std::path::PathBuf;
use std::sync::Arc;

use secrecy::ExposeSecret;
use uuid::Uuid;

use super::args::Variables;
use super::failure::Failure;
use super::load;
use super::load::Loaded;
use super::printer;
use super::settings::Settings;
use crate::check::GivenVars;
use crate::check::give_stand_ins;
use crate::check::take_secrets;
use crate::check::too_short;
use crate::diag::Problems;
use crate::diag::Seals;
use crate::diag::SecretValues;
use crate::diag::Unfit;
use crate::diag::Vault;

/// Seals the secrets among what is given for a plan, and leaves their stand-ins.
pub(crate) fn seal(
    settings: &Settings,
    loaded: &Loaded,
    given: &mut GivenVars,
    identity: &str,
) -> Result<(Seals, Arc<Vault>), Failure> {
    let values = taken(settings, loaded, given)?;
    let context = format!("{identity}\n{}", loaded.checked.name);
    let seals = Seals::new(&salt(settings), &context, &values)
        .map_err(|short| refused(loaded, too_short(&loaded.checked.vars, &short).into()))?;
    give_stand_ins(given, &seals);
    let vault = seals.open(&values).map_err(|unfit| misfit(&unfit))?;
    Ok((seals, Arc::new(vault)))
}

/// Takes the same values again for what is sent later.
pub(crate) fn unseal(
    settings: &Settings,
    loaded: &Loaded,
    seals: &Seals,
    files: &[PathBuf],
) -> Result<Arc<Vault>, Failure> {
    if seals.is_empty() {
        return Ok(Arc::default());
    }
    let variables = Variables {
        vars: Vec::new(),
        vars_file: files.to_vec(),
    };
    let mut given = load::given_vars(&variables, &settings.environment, &loaded.checked.vars)?;
    let values = taken(settings, loaded, &mut given)?;
    let vault = seals.open(&values).map_err(|unfit| misfit(&unfit))?;
    Ok(Arc::new(vault))
}

fn taken(
    settings: &Settings,
    loaded: &Loaded,
    given: &mut GivenVars,
) -> Result<SecretValues, Failure> {
    let values =
        take_secrets(&loaded.checked.vars, given).map_err(|problems| refused(loaded, problems))?;
    if settings.environment.get("GITHUB_ACTIONS") == Ok("true") {
        for value in values.values() {
            printer::mask_on_github(value.expose_secret());
        }
    }
    Ok(values)
}

fn refused(loaded: &Loaded, problems: Problems) -> Failure {
    Failure::Problems {
        file: loaded.path.clone(),
        problems,
        sources: loaded.sources.clone(),
    }
}

/// Any text that is new each time, unless a test wants the same.
fn salt(settings: &Settings) -> String {
    match settings.environment.get("SUGARMILL_SEED") {
        Ok(seed) => seed.to_owned(),
        // One has 74 random bits.
        Err(_) => format!("{}{}", Uuid::now_v7(), Uuid::now_v7()),
    }
}

fn misfit(unfit: &[Unfit]) -> Failure {
    let variable = |name: &str| format!("SUGARMILL_VAR_{}", name.to_uppercase());
    let told: Vec<String> = unfit
        .iter()
        .map(|unfit| match unfit {
            Unfit::Missing { name } => format!(
                "the secret `{name}` is in no run file and has to be given again, and `{}` is not set",
                variable(name)
            ),
            Unfit::Different { name } => {
                format!("the secret `{name}` is another one than this was planned with")
            }
        })
        .collect();
    let names: Vec<String> = unfit
        .iter()
        .map(|unfit| match unfit {
            Unfit::Missing { name } | Unfit::Different { name } => format!("`{}`", variable(name)),
        })
        .collect();
    Failure::Arguments {
        message: told.join("; "),
        help: Some(format!(
            "set {} as it was for the plan, or give the `--vars-file`; for another value plan again",
            names.join(", ")
        )),
    }
}
