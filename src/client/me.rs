//! Who is logged in.

use serde_json::Value as Json;

use crate::wire::Answer;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Me {
    pub id: String,
    pub user_name: String,
    pub full_name: Option<String>,
}

impl Me {
    /// Reads `{"current_user": {...}}`; `None` without an id.
    pub(super) fn read(answer: &Answer) -> Option<Self> {
        let user = answer.body.get("current_user")?;
        let text = |value: Option<&Json>| {
            value
                .and_then(Json::as_str)
                .filter(|text| !text.is_empty())
                .map(str::to_owned)
        };
        Some(Self {
            id: text(user.get("id"))?,
            user_name: text(user.get("user_name")).unwrap_or_default(),
            full_name: text(user.get("full_name")),
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_user_needs_an_id_and_nothing_else() {
        let me = |body| Me::read(&Answer { status: 200, body });
        let full =
            me(json!({ "current_user": { "id": "1", "user_name": "admin", "full_name": "" } }))
                .unwrap();
        assert_eq!((full.id.as_str(), full.full_name), ("1", None));
        assert!(me(json!({ "current_user": { "id": "1", "preferences": [] } })).is_some());
        assert!(me(json!({ "current_user": {} })).is_none());
        assert!(me(json!("pong")).is_none());
    }
}
