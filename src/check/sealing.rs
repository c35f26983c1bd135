//! Values of secrets, before they are sealed: where they may come from, and what stands for them afterwards.

use secrecy::SecretString;

use super::secrets::SECRET_VAR;
use super::vars::Given;
use super::vars::GivenVars;
use super::vars::Origin;
use super::vars::typed;
use crate::diag::Problem;
use crate::diag::Problems;
use crate::diag::SHORTEST_SECRET;
use crate::diag::Seals;
use crate::diag::SecretValues;
use crate::diag::TooShort;
use crate::playbook::VarDecl;
use crate::playbook::VarKind;

/// Takes the values of secrets out of what is given.
pub fn take_secrets(declared: &[VarDecl], given: &mut GivenVars) -> Result<SecretValues, Problems> {
    let mut problems = Problems::default();
    let mut values = SecretValues::new();
    for var in declared.iter().filter(|var| var.kind == VarKind::Secret) {
        let name = &var.name.value;
        let Some(value) = given.remove(name) else {
            continue;
        };
        let problem = |message: String| {
            Problem::error(SECRET_VAR, message)
                .at(var.name.span, "a secret")
                .help(format!(
                    "set `SUGARMILL_VAR_{}`, or write it into a `--vars-file` that only you can read",
                    name.to_uppercase()
                ))
        };
        // A CI system gives nothing for a secret that was never set there.
        if value.value == "" {
            continue;
        }
        let text = typed(VarKind::Secret, &value.value, None)
            .ok()
            .and_then(|value| value.as_str().map(str::to_owned));
        match (value.origin, text) {
            (Origin::Flag, _) => problems.push(problem(format!(
                "`--var {name}=…` shows a secret to everybody who can see what runs on this machine"
            ))),
            (Origin::Environment | Origin::File(_), Some(text)) => {
                values.insert(name.clone(), SecretString::from(text));
            }
            (origin, None) => problems.push(problem(format!(
                "{} gives no text for `{name}`",
                origin.describe(name)
            ))),
        }
    }
    if problems.has_errors() {
        Err(problems)
    } else {
        Ok(values)
    }
}

/// A secret that could not be kept.
pub fn too_short(declared: &[VarDecl], short: &TooShort) -> Problem {
    let problem = Problem::error(
        SECRET_VAR,
        format!(
            "the secret `{}` has fewer than {SHORTEST_SECRET} characters, and turns up in other text by chance",
            short.name
        ),
    )
    .help("take a longer one; what is no secret can be of `type: string`");
    match declared.iter().find(|var| var.name.value == short.name) {
        Some(var) => problem.at(var.name.span, "too short to be kept out of reports"),
        None => problem,
    }
}

/// Puts the stand-ins of secrets among what is given.
pub fn give_stand_ins(given: &mut GivenVars, seals: &Seals) {
    for name in seals.names() {
        given.extend(seals.stand_in(name).map(|stand_in| {
            let given = Given {
                value: stand_in.into(),
                origin: Origin::Environment,
            };
            (name.to_owned(), given)
        }));
    }
}
