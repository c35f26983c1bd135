//! The defaults of variables: what a playbook says before anybody gives it a value, and so before anything else is known.

use jiff::tz::TimeZone;

use super::vars::typed;
use crate::diag::Code;
use crate::diag::Problem;
use crate::diag::Problems;
use crate::diag::Sources;
use crate::expr::Tree;
use crate::playbook::VarDecl;

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
                let message = match reference.root.as_str() {
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
        if let Some(Err(wanted)) = tree
            .literal()
            .as_deref()
            .map(|value| typed(var.kind, value, zone))
        {
            let name = &var.name.value;
            problems.push(
                Problem::error(
                    INVALID_VAR,
                    format!("the default of `{name}` is not {wanted}"),
                )
                .at(default.span, "the default")
                .at(var.name.span, format!("declared as {wanted}")),
            );
        }
    }
}
