//! The defaults of variables: what a playbook says before anybody gives it a value, and so before anything else is known.

use jiff::tz::TimeZone;

use super::vars::before_any_step;
use super::vars::typed;
use crate::diag::Code;
use crate::diag::Problem;
use crate::diag::Problems;
use crate::diag::Sources;
use crate::expr::Rendered;
use crate::expr::Tree;
use crate::playbook::VarDecl;
use crate::playbook::VarKind;

const UNKNOWN_NAME: Code = Code("unknown_name");
const INVALID_VAR: Code = Code("invalid_var");

pub(super) fn check(
    vars: &[VarDecl],
    zone: Option<&TimeZone>,
    sources: &Sources,
    problems: &mut Problems,
) {
    for var in vars {
        let Some(default) = &var.default else {
            continue;
        };
        let tree = match Tree::compile(default, sources) {
            Ok(tree) => tree,
            Err(found) => {
                problems.append(found);
                continue;
            }
        };
        for template in tree.templates() {
            for reference in template.references() {
                let message = match reference.root.as_ref() {
                    "steps" => "a default is known before any step runs".to_owned(),
                    "vars" => "a default cannot use other variables".to_owned(),
                    other => format!("`{other}` is not known in a default"),
                };
                problems.push_once(
                    Problem::error(UNKNOWN_NAME, message)
                        .at(template.span_of(&reference.range), "used here")
                        .help("write a value, or functions alone: `\"{{ now() - days(90) }}\"`"),
                );
            }
        }
        // Functions alone give a value at any time, and of the same kind at each.
        let value = match tree.literal() {
            Some(value) => Some(value.into_owned()),
            None if tree.references().next().is_none() => match tree.eval(&before_any_step(zone)) {
                Ok(Rendered::Value(value)) => Some(value),
                Ok(Rendered::Omit) => None,
                Err(failure) => {
                    problems.push(
                        Problem::error(
                            INVALID_VAR,
                            format!(
                                "the default of `{}` cannot be worked out: {failure}",
                                var.name.value
                            ),
                        )
                        .at(default.span, "the default"),
                    );
                    None
                }
            },
            None => None,
        };
        let gives_a_time = var.kind == VarKind::Date
            && tree
                .templates()
                .iter()
                .any(|template| template.text().contains("now()"));
        if let Some(Err(wanted)) = value.map(|value| typed(var.kind, &value, zone)) {
            let name = &var.name.value;
            problems.push(
                Problem::error(
                    INVALID_VAR,
                    format!("the default of `{name}` is not {wanted}"),
                )
                .at(default.span, "the default")
                .at(var.name.span, format!("declared as {wanted}"))
                .help_if(gives_a_time.then(|| {
                    "`now()` has a time: write `today()`, or declare the variable as `datetime`"
                        .to_owned()
                })),
            );
        }
    }
}
