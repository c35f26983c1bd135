//! Links: that they are links, not what looks like one, and that the ids on both ends are of the right module.

use super::examiner::Described;
use super::examiner::Examiner;
use super::examiner::invalid;
use super::examiner::missing;
use super::examiner::not_found;
use super::set::Purpose;
use crate::check::Under;
use crate::diag::Located;
use crate::diag::Problem;
use crate::diag::all_of;
use crate::diag::did_you_mean;
use crate::diag::nearest;
use crate::diag::one_of;
use crate::expr::Tree;
use crate::metadata::Right;
use crate::metadata::value;
use crate::wire::LinkName;
use crate::wire::ModuleName;

impl<'a> Examiner<'a> {
    /// The module a link leads to, where that is known; a problem if the module has no such link.
    pub(super) fn link(
        &mut self,
        described: Described<'a>,
        link: &Located<LinkName>,
    ) -> Option<&'a str> {
        let name = link.value.as_str();
        if described.module.link(name).is_some() {
            return self.metadata.far_module(described.name, name);
        }
        let problem = not_found(format!("`{}` has no link `{name}`", described.name));
        let (label, help) = self.instead_of_link(described, name);
        self.push(problem.at(link.span, label).help_if(help));
        let meant = nearest(
            name,
            described.module.links().map(|link| link.name.as_str()),
        )?;
        self.metadata.far_module(described.name, meant)
    }

    /// The record a new one is created below: its link must lead to the module that is created.
    pub(super) fn under(&mut self, module: &Located<ModuleName>, under: &'a Under) {
        self.id_leads_to(under.module.value.as_str(), "record", &under.record);
        let Some(parent) = self.module(&under.module) else {
            return;
        };
        self.may(parent, Right::Edit, under.module.span);
        let far = self.link(parent, &under.link);
        if let Some(far) = far.filter(|far| *far != module.value.as_str()) {
            let (parent, link) = (parent.name, under.link.value.as_str());
            let problem = invalid(format!(
                "`{link}` of `{parent}` does not lead to `{}`",
                module.value
            ))
            .at(under.link.span, format!("leads to `{far}`"))
            .at(module.span, "created here");
            self.push(problem);
        }
    }

    /// The records of link actions are of the module the link leads to, and new ones have its fields.
    pub(super) fn link_actions(&mut self, described: Described<'a>, link: &str, actions: &'a Tree) {
        let far = self.metadata.far_module(described.name, link);
        let added = actions.map().unwrap_or_default().iter();
        let added = added.filter(|(action, _)| matches!(action.value.as_str(), "add" | "create"));
        let added = added.flat_map(|(_, records)| records.list().unwrap_or_default());
        self.one_at_most(described, link, added);
        for (action, records) in actions.map().unwrap_or_default() {
            if matches!(action.value.as_str(), "add" | "delete") {
                if let Some(far) = far {
                    self.ids_lead_to(far, records);
                }
                for record in records.list().unwrap_or_default() {
                    if self.has_an_id(link, record) {
                        self.relation_columns(described, link, record);
                    }
                }
                continue;
            }
            let Some(far) = far.and_then(|far| self.described(far)) else {
                continue;
            };
            for record in records.list().unwrap_or_default() {
                if let Some(fields) = record.map() {
                    let fields = fields.iter().map(|(name, value)| (name, value));
                    self.record(far, fields, Purpose::Create, record.span);
                }
            }
        }
    }

    /// Sugar refuses a whole create for the sake of one record that it is to link and that has no id.
    fn has_an_id(&mut self, link: &str, record: &Tree) -> bool {
        let is_id = |id: &Tree| match id.scalar() {
            Some(id) => !value::is_empty(id),
            // What a template gives is judged when it is rendered.
            None => id.template().is_some(),
        };
        let entries = record.map().unwrap_or_default();
        let mut ids = entries.iter().filter(|(name, _)| name.value == "id");
        if is_id(record) || ids.any(|(_, id)| is_id(id)) {
            return true;
        }
        let names = entries.iter().map(|(name, _)| name.value.as_str());
        let meant = names
            .into_iter()
            .find(|name| nearest(name, ["id"]).is_some());
        let problem = missing(format!(
            "a record to be linked through `{link}` has no `id`"
        ))
        .at(record.span, "which record?")
        .help(match meant {
            Some(meant) => format!("did you mean `id` by `{meant}`?"),
            None => format!(
                "write `{link}: {{ add: [ID] }}`, or `{{ id: ID, COLUMN: … }}` to fill a column"
            ),
        });
        self.push_of(link, problem);
        false
    }

    /// Through a link that leads to one record, each would take the place of the one before.
    pub(super) fn one_at_most<'t>(
        &mut self,
        described: Described<'a>,
        link: &str,
        records: impl Iterator<Item = &'t Tree>,
    ) {
        if !self.metadata.leads_to_one(described.name, link) {
            return;
        }
        let mut records = records;
        if let (Some(_), Some(second)) = (records.next(), records.next()) {
            let problem = invalid(format!(
                "through `{link}` a record of `{}` has one at most",
                described.name
            ))
            .at(second.span, "would take the place of the one before")
            .help("name one record");
            self.push(problem);
        }
    }

    /// What stands beside an `id` are columns of the relation; a value of one that is not there is kept nowhere.
    pub(super) fn relation_columns(
        &mut self,
        described: Described<'a>,
        link: &str,
        records: &'a Tree,
    ) {
        for record in records.list().unwrap_or_default() {
            self.relation_columns(described, link, record);
        }
        let Some(columns) = self.metadata.columns(described.name, link) else {
            return;
        };
        for (name, value) in records.map().unwrap_or_default() {
            let column = name.value.as_str();
            if column == "id" {
                continue;
            }
            // The guide calls the role of a contact so, and its column is `contact_role` (fact sheet 2).
            let is_role = column == "role" && columns.iter().any(|known| known.ends_with("_role"));
            if !columns.contains(column) && !is_role {
                let known = columns.iter().map(String::as_str);
                let problem = invalid(format!(
                    "the relation behind `{link}` of `{}` has no column `{column}`",
                    described.name
                ))
                .at(name.span, "not there")
                .help(
                    did_you_mean(column, known.clone())
                        .unwrap_or_else(|| format!("it has {}", all_of(known))),
                );
                self.push_of(column, problem);
            } else if value.list().is_some() || value.map().is_some() {
                let problem = invalid(format!("`{column}` of a relation takes one value"))
                    .at(value.span, "is more than one");
                self.push_of(column, problem);
            }
        }
    }

    /// What was written in place of a link's name, and the link that was probably meant.
    pub(super) fn instead_of_link(
        &self,
        described: Described<'a>,
        name: &str,
    ) -> (String, Option<String>) {
        let links = || described.module.links();
        if let Some(field) = described.module.field(name) {
            let through = field.link.as_deref().filter(|link| *link != name);
            return (
                format!("is a field of type `{}`", field.kind.as_str()),
                through.map(|link| format!("the link behind it is `{link}`")),
            );
        }
        let of_relationship: Vec<&str> = links()
            .filter(|link| link.relationship.as_deref() == Some(name))
            .map(|link| link.name.as_str())
            .collect();
        if !of_relationship.is_empty() {
            return (
                "is the name of a relationship".into(),
                Some(format!(
                    "on `{}` its link is {}",
                    described.name,
                    one_of(of_relationship)
                )),
            );
        }
        let leading_there: Vec<&str> = links()
            .map(|link| link.name.as_str())
            // A link whose own name is as near is likelier than one of many that lead to the module.
            .filter(|link| !link.eq_ignore_ascii_case(name))
            .filter(|link| {
                self.metadata
                    .far_module(described.name, link)
                    .is_some_and(|far| far.eq_ignore_ascii_case(name))
            })
            .collect();
        let nearest = did_you_mean(name, links().map(|link| link.name.as_str()));
        let help = nearest.or_else(|| {
            (!leading_there.is_empty()).then(|| {
                format!(
                    "to `{name}` {} {}",
                    if leading_there.len() == 1 {
                        "leads"
                    } else {
                        "lead"
                    },
                    one_of(leading_there)
                )
            })
        });
        ("named here".into(), help)
    }

    /// `to`: an id, or a list of ids or of maps with an `id`.
    pub(super) fn ids_lead_to(&mut self, module: &str, to: &'a Tree) {
        match (to.list(), to.map()) {
            (Some(items), _) => items.iter().for_each(|item| self.ids_lead_to(module, item)),
            (None, Some(entries)) => entries
                .iter()
                .filter(|(name, _)| name.value == "id")
                .for_each(|(_, id)| self.id_leads_to(module, "to", id)),
            (None, None) => self.id_leads_to(module, "to", to),
        }
    }

    pub(super) fn id_leads_to(&mut self, module: &str, place: &str, id: &'a Tree) {
        if let Some(problem) = self.id_of_another(module, place, id) {
            self.push(problem);
        }
    }

    /// An id that a template takes from records of another module finds nothing there, or worse, something.
    pub(super) fn id_of_another(&self, module: &str, place: &str, id: &'a Tree) -> Option<Problem> {
        let found = self.meanings.module_of_id(self.step, id)?;
        (found != module).then(|| {
            invalid(format!("`{place}` wants an id of `{module}`"))
                .because(id.span, format!("this is one of `{found}`"))
        })
    }
}
