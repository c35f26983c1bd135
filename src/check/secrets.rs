//! Where a secret may stand: in what is sent and nowhere else, since everything else is written down.

use std::collections::BTreeMap;
use std::collections::BTreeSet;

use super::checked::CheckedAction;
use super::checked::CheckedStep;
use super::checked::CheckedWrite;
use super::checked::Items;
use super::checked::Output;
use super::checked::SetField;
use super::included;
use super::included::CheckedInclude;
use super::places;
use super::places::ItemIs;
use super::places::Place;
use super::places::SET;
use crate::diag::Code;
use crate::diag::Problem;
use crate::diag::Problems;
use crate::expr::Part;
use crate::expr::Reference;
use crate::expr::Template;
use crate::playbook::IncludedNo;
use crate::playbook::VarDecl;
use crate::playbook::VarKind;

pub(super) const SECRET_VAR: Code = Code("secret_var");

const ONLY_SENT: &str = "a secret can be sent, in `set` of `create`, `update` and `upsert` and in the `body` of a `call`, and stand nowhere else";

/// What must not be written down.
struct Hidden<'a> {
    /// The secrets of the outer playbook and of those it includes.
    vars: Vec<BTreeSet<&'a str>>,
    /// By step the fields that it sets from a secret: reading one is reading the secret.
    fields: BTreeMap<&'a str, BTreeSet<&'a str>>,
}

/// What a template reads, as messages begin: "`token` is a secret".
enum Found {
    Secret(String),
    /// `vars` as a whole, or by a name that is worked out.
    Any,
}

/// Checks every template of a playbook, and of those it includes.
pub(super) fn check<'a>(
    vars: impl Iterator<Item = &'a [VarDecl]>,
    steps: &'a [CheckedStep],
    includes: &[CheckedInclude],
    outputs: &[Output],
    problems: &mut Problems,
) {
    let secrets = vars.map(|vars| {
        let secrets = vars.iter().filter(|var| var.kind == VarKind::Secret);
        secrets.map(|var| var.name.value.as_str()).collect()
    });
    let mut hidden = Hidden {
        vars: secrets.collect(),
        fields: BTreeMap::new(),
    };
    if hidden.vars.iter().all(BTreeSet::is_empty) {
        return;
    }
    hidden.find_fields(steps);
    for step in steps {
        hidden.step(step, problems);
    }
    for include in includes {
        hidden.include(include, problems);
    }
    for output in outputs {
        for template in output.value.templates() {
            hidden.template(template, None, output.included, "outputs", problems);
        }
    }
}

impl<'a> Hidden<'a> {
    /// A field that is set from a hidden field is hidden too, so this goes on until nothing is new.
    fn find_fields(&mut self, steps: &'a [CheckedStep]) {
        loop {
            let mut is_new = false;
            for step in steps {
                for field in set_of(step) {
                    let mut references = field.value.references();
                    if references.any(|reference| self.found(step, reference).is_some()) {
                        let fields = self.fields.entry(&step.id).or_default();
                        is_new |= fields.insert(&field.name.value);
                    }
                }
            }
            if !is_new {
                return;
            }
        }
    }

    fn found(&self, step: &CheckedStep, reference: &Reference) -> Option<Found> {
        self.of(Some((step, ItemIs::There)), step.included, reference)
    }

    /// The secret that a reference leads to, if it leads to one.
    fn of(
        &self,
        step: Option<(&CheckedStep, ItemIs)>,
        playbook: Option<IncludedNo>,
        reference: &Reference,
    ) -> Option<Found> {
        let secrets = &self.vars[included::place(playbook)];
        let item = step.filter(|(step, item)| {
            *item == ItemIs::There && step.items.is_some() && reference.root == step.item_name
        });
        if let Some((step, _)) = item {
            return self.field(source(step)?, &reference.parts);
        }
        match reference.root.as_ref() {
            "vars" => match reference.name(0) {
                Some(name) => secrets
                    .contains(name)
                    .then(|| Found::Secret(is_secret(name))),
                None => (!secrets.is_empty()).then_some(Found::Any),
            },
            "steps" => self.field(reference.name(0)?, reference.parts.get(1..)?),
            _ => None,
        }
    }

    fn field(&self, step: &str, parts: &[Part]) -> Option<Found> {
        let fields = self.fields.get(step)?;
        let named = parts.iter().find_map(|part| match part {
            Part::Name(name) => fields.get(name.as_str()),
            Part::Index | Part::Groups | Part::Batches => None,
        })?;
        Some(Found::Secret(format!(
            "`{step}.{named}` is set from a secret"
        )))
    }

    fn step(&self, step: &CheckedStep, problems: &mut Problems) {
        if let Some(Items::Path {
            path,
            step: None,
            span,
            ..
        }) = &step.items
            && let ["vars", name, ..] = path.leading_names().as_slice()
            && self.vars[included::place(step.included)].contains(name)
        {
            problems.push(
                written_down(&is_secret(name), "for_each")
                    .at(*span, "used here")
                    .step(&step.id),
            );
        }
        for Place {
            template,
            item,
            key,
        } in places::templates(step)
        {
            self.template(template, Some((step, item)), step.included, key, problems);
        }
    }

    fn template(
        &self,
        template: &Template,
        step: Option<(&CheckedStep, ItemIs)>,
        playbook: Option<IncludedNo>,
        key: &str,
        problems: &mut Problems,
    ) {
        for reference in template.references() {
            let Some(found) = self.of(step, playbook, reference) else {
                continue;
            };
            let problem = match found {
                Found::Any => Problem::error(
                    SECRET_VAR,
                    "which variable is meant cannot be seen, and one of them is a secret",
                )
                .help("name the variable itself, such as `vars.owner`"),
                Found::Secret(found) if key != SET => written_down(&found, key),
                Found::Secret(found) if !template.prints(&reference.range) => {
                    as_it_is(&found, &template.text()[reference.range.clone()])
                }
                Found::Secret(_) => continue,
            };
            let problem = problem.at(template.span_of(&reference.range), "used here");
            problems.push(match step {
                Some((step, _)) => problem.step(&step.id),
                None => problem,
            });
        }
    }

    /// A secret of an included playbook is one of the playbook that includes it, and the other way round.
    fn include(&self, include: &CheckedInclude, problems: &mut Problems) {
        if let Some(when) = &include.when {
            self.template(when, None, include.within, "when", problems);
        }
        for (name, tree) in &include.with {
            let mut vars = include.vars.iter();
            let Some(var) = vars.find(|var| var.name.value == name.value) else {
                continue;
            };
            let handed_over = tree
                .references()
                .find_map(|reference| self.of(None, include.within, reference));
            let is_alone = tree.template().is_some_and(|template| {
                template.is_lone()
                    && matches!(template.references(), [only] if template.prints(&only.range))
            });
            let name = &name.value;
            let problem = match (var.kind, handed_over) {
                (VarKind::Secret, Some(Found::Secret(_))) if is_alone => continue,
                (VarKind::Secret, _) => Problem::error(
                    SECRET_VAR,
                    format!(
                        "`{name}` is a secret, and takes nothing but a secret of this playbook"
                    ),
                )
                .at(tree.span, "given here")
                .at(var.name.span, "declared as a secret")
                .help(format!(
                    "declare one with `type: secret` and write `{name}: \"{{{{ vars.NAME }}}}\"`"
                )),
                (_, None) => continue,
                (_, Some(_)) => Problem::error(
                    SECRET_VAR,
                    format!(
                        "a secret is handed over to `{name}`, which is none and is written down"
                    ),
                )
                .at(tree.span, "given here")
                .at(var.name.span, "declared here")
                .help("declare it with `type: secret` in the included playbook"),
            };
            problems.push(problem.step(&include.id));
        }
    }
}

fn set_of(step: &CheckedStep) -> &[SetField] {
    match &step.action {
        CheckedAction::Write(
            CheckedWrite::Create { set, .. }
            | CheckedWrite::Update { set, .. }
            | CheckedWrite::Upsert { set, .. },
        ) => set,
        _ => &[],
    }
}

/// The step whose results are the items.
fn source(step: &CheckedStep) -> Option<&str> {
    match step.items.as_ref()? {
        Items::Template(template) => template
            .references()
            .iter()
            .find(|reference| reference.root == "steps")?
            .name(0),
        Items::Path { step, .. } => step.as_deref(),
        Items::Literal(_) | Items::File(_) | Items::Searched { .. } => None,
    }
}

fn is_secret(name: &str) -> String {
    format!("`{name}` is a secret")
}

fn written_down(found: &str, key: &str) -> Problem {
    Problem::error(
        SECRET_VAR,
        format!("{found}, and what stands in `{key}` is written down or shown"),
    )
    .help(ONLY_SENT)
}

fn as_it_is(found: &str, text: &str) -> Problem {
    Problem::error(
        SECRET_VAR,
        format!("{found}, and no secret is worked with: it is put in as it is"),
    )
    .help(format!(
        "write `{{{{ {text} }}}}`, alone or in a larger text"
    ))
}
