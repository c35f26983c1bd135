//! The columns of one read: which fields, by which expressions, printed how.

use rusqlite::Row;
use serde_json::Map;
use serde_json::Value;
use serde_json::json;

use super::super::schema::Field;
use super::super::schema::Module;
use super::super::schema::Place;
use super::super::schema::Schema;
use super::super::schema::quoted;
use super::super::time::Zone;
use super::Decode;
use super::expression;

/// A list of fields, ready to be selected from the module's table under the alias `t`.
#[derive(Debug)]
pub(crate) struct Projection {
    module: String,
    columns: Vec<(String, Decode)>,
    /// Fields that nothing is stored for.
    constants: Vec<(String, Value)>,
    pub(crate) select: String,
    /// Reads one living record by its id (parameter 2).
    pub(crate) by_id: String,
}

/// Present in every record, whatever `fields` asks for (reference, section 1.2).
const ALWAYS: [&str; 2] = ["id", "date_modified"];

impl Projection {
    /// All fields that Sugar prints in a full record: everything but links.
    pub(crate) fn full(schema: &Schema, module: &Module) -> Self {
        Self::of(
            schema,
            module,
            module.fields.values().filter(|field| !field.is_link()),
        )
    }

    /// The named fields and those that are always there. Names the module does not have are passed over.
    pub(crate) fn named(schema: &Schema, module: &Module, names: &[String]) -> Self {
        // A relate's name brings its id along, as the two are of use only together.
        let pairs: Vec<&str> = names
            .iter()
            .filter_map(|name| module.field(name)?.definition.get("id_name")?.as_str())
            .collect();
        let fields = module.fields.values().filter(|field| {
            let name = field.name.as_str();
            !field.is_link()
                && (ALWAYS.contains(&name)
                    || pairs.contains(&name)
                    || names.iter().any(|asked| asked == name))
        });
        Self::of(schema, module, fields)
    }

    fn of<'a>(
        schema: &Schema,
        module: &'a Module,
        fields: impl Iterator<Item = &'a Field>,
    ) -> Self {
        let mut columns = Vec::new();
        let mut constants = Vec::new();
        let mut expressions = Vec::new();
        for field in fields {
            match &field.place {
                Place::Nowhere if field.name == "locked_fields" => {
                    constants.push((field.name.clone(), json!([])));
                }
                Place::Nowhere => {
                    let unset = if field.name == "team_count" {
                        json!("")
                    } else {
                        Decode::of(field).unset()
                    };
                    constants.push((field.name.clone(), unset));
                }
                _ => {
                    expressions.push(expression(schema, module, field, "t"));
                    columns.push((field.name.clone(), Decode::of(field)));
                }
            }
        }
        let table = quoted(&module.table);
        let select = expressions.join(", ");
        let by_id = format!("SELECT {select} FROM {table} t WHERE t.id = ?2 AND t.deleted = 0");
        Self {
            module: module.name.clone(),
            columns,
            constants,
            select,
            by_id,
        }
    }

    /// One record as Sugar prints it.
    pub(crate) fn bean(&self, row: &Row<'_>, zone: &Zone) -> rusqlite::Result<Map<String, Value>> {
        let mut bean = Map::new();
        for (index, (name, decode)) in self.columns.iter().enumerate() {
            bean.insert(name.clone(), decode.value(row.get_ref(index)?, zone));
        }
        for (name, value) in &self.constants {
            bean.insert(name.clone(), value.clone());
        }
        bean.insert("_acl".into(), json!({ "fields": {} }));
        bean.insert("_module".into(), self.module.clone().into());
        Ok(bean)
    }
}
