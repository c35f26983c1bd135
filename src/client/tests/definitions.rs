//! Metadata and dropdown lists.

use super::*;

#[tokio::test]
async fn metadata_comes_with_its_lists() {
    let script = granting(|heard, _| match heard.path.as_str() {
        BULK => bulk(&[
            (200, json!({ "": "", "Partner": "Partner" })),
            (403, json!({ "error": "not_authorized" })),
        ]),
        _ => Reply::Json(
            200,
            json!({ "modules": { "Accounts": { "fields": {
                "account_type": { "type": "enum", "options": "account_type_dom" },
                "other_type": { "type": "enum", "options": "account_type_dom" },
                "secret_type": { "type": "enum" },
            } } }, "_hash": "h" }),
        ),
    })
    .await;
    let reader = reader(&script);
    let wanted = [ModuleName::new("Accounts")];
    let reading = fetch_metadata(&reader, Wanted::Modules(&wanted))
        .await
        .unwrap();
    let metadata = reading.metadata;
    assert!(
        metadata
            .dropdown("Accounts", "other_type")
            .unwrap()
            .contains("Partner")
    );
    assert!(metadata.dropdown("Accounts", "secret_type").is_none());
    assert_eq!(
        reading.notes[0].to_string(),
        "the dropdown list could not be read (not_authorized), at `Accounts.secret_type`"
    );
    let heard = script.heard();
    assert!(
        heard[1].path.ends_with("module_filter=Accounts"),
        "{}",
        heard[1].path
    );
    assert_eq!(
        urls(&heard[2]),
        [
            "/v11_5/Accounts/enum/account_type",
            "/v11_5/Accounts/enum/secret_type"
        ]
    );
}

/// The first answer of each kind is none, and of the lists one is not had at first.
#[tokio::test]
async fn what_passes_is_asked_for_again() {
    let script = granting(|heard, nth| match (heard.path.as_str(), nth) {
        (BULK, 0) => Reply::HangUp,
        (BULK, 1) => bulk(&[
            (200, json!({ "Partner": "Partner" })),
            (503, json!({ "error": "maintenance" })),
            (403, json!({ "error": "not_authorized" })),
        ]),
        (BULK, _) => bulk(&[(200, json!({ "Banking": "Banking" }))]),
        (path, 0) if path.ends_with("_hash") => refusal(429, "too_many"),
        (path, _) if path.ends_with("_hash") => Reply::Json(200, json!({ "_hash": "h" })),
        (path, 0) if path.contains("/metadata") => Reply::Text(502, "<h1>Bad gateway</h1>"),
        (path, _) if path.contains("/enum/") => Reply::Json(200, json!({ "Banking": "Banking" })),
        _ => Reply::Json(
            200,
            json!({ "modules": { "Accounts": { "fields": {
                "account_type": { "type": "enum" },
                "industry": { "type": "enum" },
                "secret_type": { "type": "enum" },
            } } } }),
        ),
    })
    .await;
    let reader = reader(&script);
    let hash = fetch_metadata_hash(&reader).await.unwrap();
    assert_eq!(hash.as_deref(), Some("h"));
    let wanted = [ModuleName::new("Accounts")];
    let reading = fetch_metadata(&reader, Wanted::Modules(&wanted))
        .await
        .unwrap();
    let known = |field| reading.metadata.dropdown("Accounts", field).is_some();
    assert!(known("account_type") && known("industry"));
    assert!(!known("secret_type"), "what is refused for good is noted");
    assert_eq!(reading.notes.len(), 1);
    assert_eq!(
        script.times("/enum/industry"),
        1,
        "only that one goes again"
    );
    assert_eq!(reader.take_counts().retries, 6);
}

#[tokio::test]
async fn what_does_not_pass_is_not_asked_for_again() {
    let script = granting(|_, _| refusal(403, "not_authorized")).await;
    let reader = reader(&script);
    assert_eq!(fetch_metadata_hash(&reader).await.unwrap(), None);
    let refused = fetch_metadata(&reader, Wanted::Everything)
        .await
        .unwrap_err();
    let label = refused.fault().map(|fault| fault.label().to_string());
    assert_eq!(label.as_deref(), Some("not_authorized"));
    assert_eq!(reader.take_counts().retries, 0);
}
