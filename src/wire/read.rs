//! Requests that change nothing. Whatever is in this enum, a planner may send.

use serde_json::Value as Json;
use serde_json::json;

use super::LinkName;
use super::ModuleName;
use super::RecordId;
use super::encoded::Encoded;
use super::encoded::Method;
use super::path::RestPath;

/// Ids asked for in one filter: no more than records of a page, or what is on the next page would be taken for missing.
pub const IDS_AT_ONCE: usize = Page::MOST as usize;

/// Values of another field that are asked for at once.
pub const VALUES_AT_ONCE: usize = IDS_AT_ONCE;

/// Which part of a list is wanted, and how.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Page {
    /// Fields wanted; `None` asks for all. Sugar adds `id` and `date_modified` by itself.
    pub fields: Option<Vec<String>>,
    /// Sugar's own spelling: `name:DESC,date_modified:ASC`.
    pub order_by: Option<String>,
    /// Records at most; always sent, because Sugar's default is 20.
    pub max_num: u32,
    pub offset: u64,
}

impl Page {
    /// Records of a page. Sugar gives 20 unless asked; an instance may cap what it gives, so pages end by `next_offset`.
    pub const MOST: u32 = 200;
}

/// Sugar's filter language: a list of conditions, all of which must hold.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Filter(Vec<Json>);

impl Filter {
    pub fn new(conditions: Vec<Json>) -> Self {
        Self(conditions)
    }

    pub fn ids<'a>(ids: impl IntoIterator<Item = &'a RecordId>) -> Self {
        let ids: Vec<&str> = ids.into_iter().map(RecordId::as_str).collect();
        Self(vec![json!({ "id": { "$in": ids } })])
    }

    #[must_use]
    pub fn and(mut self, condition: Json) -> Self {
        self.0.push(condition);
        self
    }

    #[cfg(test)]
    pub(crate) fn conditions(&self) -> &[Json] {
        &self.0
    }

    fn to_json(&self) -> Json {
        Json::Array(self.0.clone())
    }
}

/// How a filter travels. Long URLs break, so `Post` is the default (Developer Guide, "/<module>/filter GET").
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum FilterForm {
    Get,
    #[default]
    Post,
}

#[derive(Debug, Clone, PartialEq)]
pub enum Read {
    Filter {
        module: ModuleName,
        filter: Filter,
        saved_filter: Option<String>,
        form: FilterForm,
        page: Page,
    },
    Count {
        module: ModuleName,
        filter: Filter,
    },
    Get {
        module: ModuleName,
        record: RecordId,
        fields: Option<Vec<String>>,
    },
    Related {
        module: ModuleName,
        record: RecordId,
        link: LinkName,
        filter: Filter,
        page: Page,
    },
    RelatedCount {
        module: ModuleName,
        record: RecordId,
        link: LinkName,
        filter: Filter,
    },
    Search {
        text: String,
        modules: Vec<ModuleName>,
        page: Page,
    },
    Enum {
        module: ModuleName,
        field: String,
    },
    Metadata {
        sections: Vec<String>,
        modules: Vec<ModuleName>,
    },
    MetadataHash,
    Me,
    Ping,
    /// Any other GET; `path` follows the version.
    Raw {
        path: RestPath,
        query: Vec<(String, String)>,
    },
}

impl Read {
    pub fn encode(&self) -> Encoded {
        match self {
            Self::Filter {
                module,
                filter,
                saved_filter,
                form,
                page,
            } => filtered(module, filter, saved_filter.as_deref(), *form, page),
            Self::Count { module, filter } => {
                Encoded::new(Method::Post, &[module.as_str(), "filter", "count"])
                    .with(&json!({ "filter": filter.to_json() }))
            }
            Self::Get {
                module,
                record,
                fields,
            } => {
                let encoded = Encoded::new(Method::Get, &[module.as_str(), record.as_str()]);
                match fields {
                    Some(fields) => encoded.query("fields", &fields.join(",")),
                    None => encoded,
                }
            }
            Self::Related {
                module,
                record,
                link,
                filter,
                page,
            } => {
                let (module, record, link) = (module.as_str(), record.as_str(), link.as_str());
                if filter.0.is_empty() {
                    return page.on_url(Encoded::new(Method::Get, &[module, record, "link", link]));
                }
                let encoded = Encoded::new(Method::Get, &[module, record, "link", link, "filter"]);
                page.on_url(encoded.query("filter", &filter.to_json().to_string()))
            }
            Self::RelatedCount {
                module,
                record,
                link,
                filter,
            } => {
                let (module, record, link) = (module.as_str(), record.as_str(), link.as_str());
                if filter.0.is_empty() {
                    return Encoded::new(Method::Get, &[module, record, "link", link, "count"]);
                }
                Encoded::new(
                    Method::Get,
                    &[module, record, "link", link, "filter", "count"],
                )
                .query("filter", &filter.to_json().to_string())
            }
            Self::Search {
                text,
                modules,
                page,
            } => {
                let mut encoded = Encoded::new(Method::Get, &["globalsearch"]).query("q", text);
                if !modules.is_empty() {
                    let modules: Vec<&str> = modules.iter().map(ModuleName::as_str).collect();
                    encoded = encoded.query("module_list", &modules.join(","));
                }
                page.on_url(encoded)
            }
            Self::Enum { module, field } => {
                Encoded::new(Method::Get, &[module.as_str(), "enum", field])
            }
            Self::Metadata { sections, modules } => {
                let mut encoded = Encoded::new(Method::Get, &["metadata"]);
                if !sections.is_empty() {
                    encoded = encoded.query("type_filter", &sections.join(","));
                }
                if !modules.is_empty() {
                    let modules: Vec<&str> = modules.iter().map(ModuleName::as_str).collect();
                    encoded = encoded.query("module_filter", &modules.join(","));
                }
                encoded
            }
            Self::MetadataHash => Encoded::new(Method::Get, &["metadata", "_hash"]),
            Self::Me => Encoded::new(Method::Get, &["me"]),
            Self::Ping => Encoded::new(Method::Get, &["ping"]),
            Self::Raw { path, query } => Encoded::of_path(Method::Get, path, query),
        }
    }
}

impl Page {
    fn on_url(&self, mut encoded: Encoded) -> Encoded {
        if let Some(fields) = &self.fields {
            encoded = encoded.query("fields", &fields.join(","));
        }
        if let Some(order_by) = &self.order_by {
            encoded = encoded.query("order_by", order_by);
        }
        encoded
            .query("max_num", &self.max_num.to_string())
            .query("offset", &self.offset.to_string())
    }
}

fn filtered(
    module: &ModuleName,
    filter: &Filter,
    saved_filter: Option<&str>,
    form: FilterForm,
    page: &Page,
) -> Encoded {
    match form {
        FilterForm::Get => {
            let mut encoded = Encoded::new(Method::Get, &[module.as_str(), "filter"])
                .query("filter", &filter.to_json().to_string());
            if let Some(saved) = saved_filter {
                encoded = encoded.query("filter_id", saved);
            }
            page.on_url(encoded)
        }
        FilterForm::Post => {
            let mut body = json!({
                "filter": filter.to_json(),
                "max_num": page.max_num,
                "offset": page.offset,
            });
            if let Some(fields) = &page.fields {
                body["fields"] = fields.join(",").into();
            }
            if let Some(order_by) = &page.order_by {
                body["order_by"] = order_by.clone().into();
            }
            if let Some(saved) = saved_filter {
                body["filter_id"] = saved.into();
            }
            Encoded::new(Method::Post, &[module.as_str(), "filter"]).with(&body)
        }
    }
}
