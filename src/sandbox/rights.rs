//! What a user may do, by module, action and field. Administrators may do everything.
//!
//! Roles come from `stock/roles.json`, from the extension file and from `PUT /sandbox/roles`. Of several roles the
//! strictest word counts, as in Sugar.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use super::context::Context;
use super::failure::Failure;
use super::schema::Module;
use super::schema::quoted;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Action {
    List,
    View,
    Create,
    Edit,
    Delete,
    MassUpdate,
}

/// How far an action reaches; the order is from strict to free.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Default)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Reach {
    None,
    Owner,
    #[default]
    All,
}

/// What may be done with a field; the order is from strict to free.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum FieldReach {
    None,
    Read,
    Write,
}

/// One role as its file describes it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RoleFile {
    pub(crate) name: String,
    /// The user names that have the role.
    #[serde(default)]
    pub(crate) users: Vec<String>,
    /// By module; `*` is every module that is not named.
    #[serde(default)]
    pub(crate) modules: BTreeMap<String, ModuleRights>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct ModuleRights {
    /// Whether the module is there at all for the user.
    access: Reach,
    list: Reach,
    view: Reach,
    create: Reach,
    edit: Reach,
    delete: Reach,
    massupdate: Reach,
    fields: BTreeMap<String, FieldReach>,
}

/// All roles of one user, put together.
#[derive(Debug, Clone, Default)]
pub(crate) struct Rights {
    /// The names of the roles.
    pub(crate) roles: Vec<String>,
    modules: BTreeMap<String, ModuleRights>,
    others: Option<ModuleRights>,
}

impl Rights {
    /// The rights of every user who has a role.
    pub(crate) fn by_user(roles: &[RoleFile]) -> BTreeMap<String, Arc<Self>> {
        let users = roles.iter().flat_map(|role| &role.users);
        users
            .map(|user| (user.clone(), Arc::new(Self::of(user, roles))))
            .collect()
    }

    fn of(user_name: &str, roles: &[RoleFile]) -> Self {
        let mut rights = Self::default();
        for role in roles
            .iter()
            .filter(|role| role.users.iter().any(|user| user == user_name))
        {
            rights.roles.push(role.name.clone());
            for (module, more) in &role.modules {
                if module == "*" {
                    rights.others.get_or_insert_default().tighten(more);
                } else {
                    rights
                        .modules
                        .entry(module.clone())
                        .or_default()
                        .tighten(more);
                }
            }
        }
        rights
    }

    pub(crate) fn module(&self, module: &str) -> Option<&ModuleRights> {
        self.modules.get(module).or(self.others.as_ref())
    }
}

impl ModuleRights {
    fn tighten(&mut self, other: &Self) {
        for (mine, theirs) in [
            (&mut self.access, other.access),
            (&mut self.list, other.list),
            (&mut self.view, other.view),
            (&mut self.create, other.create),
            (&mut self.edit, other.edit),
            (&mut self.delete, other.delete),
            (&mut self.massupdate, other.massupdate),
        ] {
            *mine = theirs.min(*mine);
        }
        for (field, reach) in &other.fields {
            let mine = self.fields.entry(field.clone()).or_insert(*reach);
            *mine = (*reach).min(*mine);
        }
    }

    pub(crate) fn reach(&self, action: Action) -> Reach {
        let own = match action {
            Action::List => self.list,
            Action::View => self.view,
            // Who may not edit may not create either.
            Action::Create if self.edit == Reach::None => Reach::None,
            Action::Create => self.create,
            Action::Edit => self.edit,
            Action::Delete => self.delete,
            Action::MassUpdate => self.massupdate,
        };
        if self.access == Reach::None {
            Reach::None
        } else {
            own
        }
    }

    /// The names of the fields that the rights speak of.
    pub(crate) fn fields(&self) -> impl Iterator<Item = &String> {
        self.fields.keys()
    }

    pub(crate) fn may_read(&self, field: &str) -> bool {
        self.fields
            .get(field)
            .is_none_or(|reach| *reach > FieldReach::None)
    }

    fn may_write(&self, field: &str) -> bool {
        self.fields
            .get(field)
            .is_none_or(|reach| *reach == FieldReach::Write)
    }

    /// Takes out of a bean what the user may not read, and says in `_acl` what is closed.
    pub(crate) fn restrict(&self, bean: &mut Map<String, Value>) {
        let mut fields = Map::new();
        for (field, reach) in &self.fields {
            match reach {
                FieldReach::Write => {}
                FieldReach::Read => {
                    fields.insert(field.clone(), json!({ "write": "no", "create": "no" }));
                }
                FieldReach::None => {
                    bean.remove(field);
                    fields.insert(
                        field.clone(),
                        json!({ "read": "no", "write": "no", "create": "no" }),
                    );
                }
            }
        }
        let mut acl = Map::new();
        acl.insert("fields".into(), Value::Object(fields));
        for (name, action) in [("edit", Action::Edit), ("delete", Action::Delete)] {
            if self.reach(action) == Reach::None {
                acl.insert(name.into(), "no".into());
            }
        }
        bean.insert("_acl".into(), Value::Object(acl));
    }
}

/// The module, if the user may do this in it at all.
pub(crate) fn module<'a>(
    cx: &'a Context<'_>,
    name: &str,
    action: Action,
) -> Result<&'a Module, Failure> {
    let module = cx.module(name)?;
    reach(cx, module, action)?;
    Ok(module)
}

/// How far the action reaches in a module: to all records or to the user's own. Where it reaches none, it is refused.
///
/// Every way to a record leads through here: lists and filters by [`within`], single records by [`record`] and [`there`].
fn reach(cx: &Context<'_>, module: &Module, action: Action) -> Result<Reach, Failure> {
    // Users, teams and roles are an administrator's business.
    let administrative = module.admin_only
        || (matches!(module.name.as_str(), "Users" | "Teams")
            && !matches!(action, Action::List | Action::View));
    if administrative {
        cx.require_administrator()?;
    }
    match cx
        .rights(module)
        .map_or(Reach::All, |rights| rights.reach(action))
    {
        Reach::None => Err(refused(module)),
        reach => Ok(reach),
    }
}

/// SQL that holds for the living records of a module (under the alias) with which the user may do this.
pub(crate) fn within(
    cx: &Context<'_>,
    module: &Module,
    action: Action,
    alias: &str,
) -> Result<String, Failure> {
    Ok(match reach(cx, module, action)? {
        Reach::Owner => format!("{alias}.deleted = 0 AND {alias}.{}", owned(module)),
        Reach::All | Reach::None => format!("{alias}.deleted = 0"),
    })
}

/// Refuses what the user may not do with a record. Whether the record is there is found out only where that matters.
pub(crate) fn record(
    cx: &Context<'_>,
    module: &Module,
    id: &str,
    action: Action,
) -> Result<(), Failure> {
    match reach(cx, module, action)? {
        Reach::Owner => there(cx, module, id, action),
        Reach::All | Reach::None => Ok(()),
    }
}

/// The same for a record that has to be there.
pub(crate) fn there(
    cx: &Context<'_>,
    module: &Module,
    id: &str,
    action: Action,
) -> Result<(), Failure> {
    let may = match reach(cx, module, action)? {
        Reach::Owner => format!("t.{}", owned(module)),
        Reach::All | Reach::None => "1".to_owned(),
    };
    let mut sql = cx.sql(format!(
        "SELECT {may} FROM {} t WHERE t.deleted = 0 AND t.id = ",
        quoted(&module.table)
    ));
    sql.bind(id.to_owned());
    match sql.first(cx.db, |row| row.get::<_, Option<bool>>(0))? {
        Some(Some(true)) => Ok(()),
        Some(_) => Err(refused(module)),
        None => Err(Failure::no_record(&module.name, id)),
    }
}

/// Refuses to look at a field that is hidden from the user.
pub(crate) fn readable(cx: &Context<'_>, module: &Module, field: &str) -> Result<(), Failure> {
    match cx.rights(module) {
        Some(rights) if !rights.may_read(field) => Err(Failure::forbidden(format!(
            "Access to field: {field} in module: {} is not allowed",
            module.name
        ))),
        _ => Ok(()),
    }
}

/// Refuses to write a field that the user may not write.
pub(crate) fn writable(cx: &Context<'_>, module: &Module, field: &str) -> Result<(), Failure> {
    match cx.rights(module) {
        Some(rights) if !rights.may_write(field) => Err(Failure::forbidden(format!(
            "Not allowed to edit field {field} in module: {}",
            module.name
        ))),
        _ => Ok(()),
    }
}

/// What holds of the user's own records, behind an alias and a point.
fn owned(module: &Module) -> &'static str {
    if module.field("assigned_user_id").is_some() {
        "assigned_user_id = ?1"
    } else {
        "created_by = ?1"
    }
}

fn refused(module: &Module) -> Failure {
    Failure::forbidden(format!(
        "You are not authorized to perform this action in module: {}",
        module.name
    ))
}
