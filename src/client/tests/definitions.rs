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
