//! From conditions to SQL.
//!
//! A test through a link or a relate becomes `id IN (SELECT …)`, so that an index at the far end can serve it.

use serde_json::Value;

use super::Condition;
use super::Relative;
use super::Test;
use super::test;
use crate::sandbox::context::Context;
use crate::sandbox::failure::Failure;
use crate::sandbox::links;
use crate::sandbox::rights;
use crate::sandbox::rights::Action;
use crate::sandbox::schema::EmailPart;
use crate::sandbox::schema::Field;
use crate::sandbox::schema::Module;
use crate::sandbox::schema::Place;
use crate::sandbox::schema::Relate;
use crate::sandbox::schema::Through;
use crate::sandbox::schema::quoted;
use crate::sandbox::store::Sql;
use crate::sandbox::store::expression;

/// Appends ` AND (…)` for a filter over the module's table under the alias `t`.
pub(crate) fn push(
    cx: &Context<'_>,
    module: &Module,
    filter: &Value,
    sql: &mut Sql,
) -> Result<(), Failure> {
    let condition = super::parse(filter)?;
    if matches!(&condition, Condition::All(conditions) if conditions.is_empty()) {
        return Ok(());
    }
    sql.push(" AND ");
    let mut translation = Translation {
        cx,
        sql,
        left: Left {
            conditions: cx.settings.limits.conditions,
            joins: cx.settings.limits.joins,
        },
    };
    translation.condition(module, "t", &condition)
}

/// The most links in one path. Each is a sub-select within the one before, and the database takes only so many.
const PATH: usize = 16;

struct Translation<'a, 'c> {
    cx: &'a Context<'c>,
    sql: &'a mut Sql,
    left: Left,
}

/// How much more a filter may ask. The time a long one takes grows faster than its length, and everybody else waits.
struct Left {
    conditions: usize,
    joins: usize,
}

impl Left {
    fn condition(&mut self) -> Result<(), Failure> {
        take(&mut self.conditions, "The filter has too many conditions.")
    }

    /// A look into another table.
    fn join(&mut self) -> Result<(), Failure> {
        take(
            &mut self.joins,
            "The filter looks into other records too often.",
        )
    }
}

fn take(left: &mut usize, message: &str) -> Result<(), Failure> {
    *left = left
        .checked_sub(1)
        .ok_or_else(|| Failure::too_large(message))?;
    Ok(())
}

impl Translation<'_, '_> {
    fn condition(
        &mut self,
        module: &Module,
        alias: &str,
        condition: &Condition,
    ) -> Result<(), Failure> {
        match condition {
            Condition::All(conditions) if conditions.is_empty() => {
                self.sql.push("1");
                Ok(())
            }
            Condition::Any(conditions) if conditions.is_empty() => {
                self.sql.push("0");
                Ok(())
            }
            Condition::All(conditions) => self.joined(conditions, " AND ", &mut |this, inner| {
                this.condition(module, alias, inner)
            }),
            Condition::Any(conditions) => self.joined(conditions, " OR ", &mut |this, inner| {
                this.condition(module, alias, inner)
            }),
            Condition::Field { path, .. } if path.split('.').count() > PATH + 1 => {
                Err(Failure::invalid(format!(
                    "A path of the filter leads through more than {PATH} links."
                )))
            }
            Condition::Field { path, tests } => self.field(module, alias, path, tests),
            Condition::Relative { kind, argument } => {
                self.left.condition()?;
                self.relative(module, alias, *kind, argument)
            }
        }
    }

    /// What stands between words, halved again and again: `SQLite` refuses expressions that are nested a thousand deep,
    /// and a plain chain is as deep as it is long.
    fn joined<T>(
        &mut self,
        parts: &[T],
        word: &str,
        push: &mut dyn FnMut(&mut Self, &T) -> Result<(), Failure>,
    ) -> Result<(), Failure> {
        if let [part] = parts {
            return push(self, part);
        }
        let (first, second) = parts.split_at(parts.len() / 2);
        self.sql.push("(");
        self.joined(first, word, push)?;
        self.sql.push(word);
        self.joined(second, word, push)?;
        self.sql.push(")");
        Ok(())
    }

    fn field(
        &mut self,
        module: &Module,
        alias: &str,
        path: &str,
        tests: &[Test],
    ) -> Result<(), Failure> {
        let unknown = || {
            Failure::invalid(format!(
                "Unable to find field: {path} in module: {}",
                module.name
            ))
        };
        if let Some((link, rest)) = path.split_once('.') {
            let link = module.link(link).ok_or_else(unknown)?;
            let far = self.cx.schema.far_module(link);
            let inner = format!("{alias}x");
            self.left.join()?;
            let far_records = rights::within(self.cx, far, Action::List, &inner)?;
            let open = links::near_in(self.cx.schema, link, alias, &inner, &far_records);
            self.sql.push(&open);
            self.field(far, &inner, rest, tests)?;
            self.sql.push(")");
            return Ok(());
        }
        let field = module.field(path).ok_or_else(unknown)?;
        rights::readable(self.cx, module, path)?;
        self.sql.push("(");
        self.joined(tests, " AND ", &mut |this, test| {
            this.left.condition()?;
            this.test(module, alias, field, test)
        })?;
        self.sql.push(")");
        Ok(())
    }

    fn test(
        &mut self,
        module: &Module,
        alias: &str,
        field: &Field,
        test: &Test,
    ) -> Result<(), Failure> {
        match &field.place {
            Place::Relate(relate) => self.related(module, alias, field, relate, test),
            Place::Email(part @ (EmailPart::Collection | EmailPart::Primary)) => {
                let only = if *part == EmailPart::Primary {
                    " AND e.primary_address = 1"
                } else {
                    ""
                };
                let open = format!(
                    "{alias}.id IN (SELECT e.bean_id FROM email_addresses e WHERE e.bean_module = '{}'{only} AND ",
                    module.name
                );
                self.within(&open, "e.email_address", field, test)
            }
            Place::Tags => {
                let open = format!(
                    "{alias}.id IN (SELECT j.bean_id FROM tag_bean_rel j JOIN tags g ON g.id = j.tag_id \
                     AND g.deleted = 0 WHERE j.deleted = 0 AND j.bean_module = '{}' AND ",
                    module.name
                );
                self.within(&open, "g.name", field, test)
            }
            Place::Teams => {
                let open = format!(
                    "{alias}.team_id IN (SELECT g.id FROM teams g WHERE g.deleted = 0 AND "
                );
                self.within(&open, "g.name", field, test)
            }
            Place::Link(_) | Place::Nowhere => Err(Failure::invalid(format!(
                "Field: {} in module: {} cannot be filtered",
                field.name, module.name
            ))),
            Place::Column
            | Place::Alias(_)
            | Place::FullName
            | Place::ParentName
            | Place::Email(_)
            | Place::Favorite
            | Place::Following => {
                let operand = expression(self.cx.schema, module, field, alias);
                test::push(self.cx, self.sql, &operand, field, test)
            }
        }
    }

    /// A test of values that lie in another table: the positive form inside the sub-select, denied outside of it.
    fn within(
        &mut self,
        open: &str,
        operand: &str,
        field: &Field,
        test: &Test,
    ) -> Result<(), Failure> {
        self.left.join()?;
        let positive = test.operator.denies();
        if positive.is_some() {
            self.sql.push("NOT ");
        }
        self.sql.push(open);
        let test = Test {
            operator: positive.unwrap_or(test.operator),
            value: test.value.clone(),
        };
        test::push(self.cx, self.sql, operand, field, &test)?;
        self.sql.push(")");
        Ok(())
    }

    fn related(
        &mut self,
        module: &Module,
        alias: &str,
        field: &Field,
        relate: &Relate,
        test: &Test,
    ) -> Result<(), Failure> {
        let other = self.cx.schema.related_module(relate);
        let inner = format!("{alias}r");
        let operand = match other.field(&relate.shows) {
            Some(shown) => expression(self.cx.schema, other, shown, &inner),
            None => {
                return Err(Failure::invalid(format!(
                    "Field: {} shows nothing",
                    field.name
                )));
            }
        };
        let open = match &relate.through {
            Through::Column(column) => {
                let column = format!("{alias}.{}", quoted(column));
                // A denial must also hold where the id is null; the plain column lets its index be used.
                let column = match test.operator.denies() {
                    Some(_) => format!("coalesce({column}, '')"),
                    None => column,
                };
                let table = quoted(&other.table);
                format!(
                    "{column} IN (SELECT {inner}.id FROM {table} {inner} WHERE {inner}.deleted = 0 AND "
                )
            }
            Through::Link(link) => {
                let link = module.require_link(link)?;
                // The name of a related record is part of this one, whoever may see the other.
                let living = format!("{inner}.deleted = 0");
                links::near_in(self.cx.schema, link, alias, &inner, &living)
            }
        };
        self.within(&open, &operand, field, test)
    }

    fn relative(
        &mut self,
        module: &Module,
        alias: &str,
        kind: Relative,
        argument: &str,
    ) -> Result<(), Failure> {
        if !matches!(argument, "" | "_this") && kind != Relative::Tracker {
            let link = module.link(argument).ok_or_else(|| {
                Failure::invalid(format!(
                    "Unable to find link: {argument} in module: {}",
                    module.name
                ))
            })?;
            let far = self.cx.schema.far_module(link);
            let inner = format!("{alias}x");
            self.left.join()?;
            let far_records = rights::within(self.cx, far, Action::List, &inner)?;
            let open = links::near_in(self.cx.schema, link, alias, &inner, &far_records);
            self.sql.push(&open);
            self.relative(far, &inner, kind, "")?;
            self.sql.push(")");
            return Ok(());
        }
        let mine = |table: &str| {
            format!(
                "{alias}.id IN (SELECT m.record_id FROM {table} m WHERE m.user_id = ?1 AND m.module = '{}')",
                module.name
            )
        };
        let text = match kind {
            Relative::Owner if module.field("assigned_user_id").is_some() => {
                format!("{alias}.assigned_user_id = ?1")
            }
            Relative::Owner | Relative::Creator => format!("{alias}.created_by = ?1"),
            Relative::Favorite => mine("sugarfavorites"),
            Relative::Following => mine("subscriptions"),
            Relative::Tracker => {
                let since = test::interval_start(argument, self.cx.now)?;
                self.sql.push(&format!(
                    "{alias}.id IN (SELECT m.record_id FROM tracker m WHERE m.user_id = ?1 AND m.module = '{}' \
                     AND m.seen >= ",
                    module.name
                ));
                self.sql.bind(since);
                ")".to_owned()
            }
        };
        self.sql.push(&text);
        Ok(())
    }
}
