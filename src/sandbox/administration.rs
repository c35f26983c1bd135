//! `/sandbox/…`: what a test may change while the server runs. Reachable from this machine only, as all of it.

use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::json;

use super::answer::Answer;
use super::config::ClientIds;
use super::dispatch::no_method;
use super::failure::Failure;
use super::faults::Fault;
use super::orders::Order;
use super::rights::RoleFile;
use super::service::Service;

/// Serves `GET|POST|DELETE /sandbox/faults` `PUT /sandbox/ids` and `PUT /sandbox/roles`.
pub(crate) async fn serve(service: &Service, method: &str, target: &str, raw: &[u8]) -> Answer {
    let path = target.trim_matches('/');
    let done = match (method, path) {
        ("GET", "sandbox/faults") => Ok(()),
        ("POST", "sandbox/faults") => faults(raw).map(|faults| service.faults.add(faults)),
        ("DELETE", "sandbox/faults") => {
            service.faults.clear();
            Ok(())
        }
        ("PUT", "sandbox/ids") => match ids(raw) {
            Ok(ids) => {
                service.order(Order::SetIds(ids)).await;
                Ok(())
            }
            Err(failure) => Err(failure),
        },
        ("PUT", "sandbox/roles") => match read::<Vec<RoleFile>>(raw) {
            Ok(roles) => {
                service.order(Order::SetRoles(roles)).await;
                Ok(())
            }
            Err(failure) => Err(failure),
        },
        _ => Err(no_method()),
    };
    match done {
        Ok(()) => Answer::ok(json!({ "faults": service.faults.list() })),
        Err(failure) => failure.into_answer(),
    }
}

/// `{"fault": "…"}` or `{"faults": ["…", …]}`, each in its text form.
fn faults(raw: &[u8]) -> Result<Vec<Fault>, Failure> {
    let body: Value = read(raw)?;
    let texts = match (&body["fault"], &body["faults"]) {
        (Value::String(text), _) => vec![text.clone()],
        (_, Value::Array(items)) => items
            .iter()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
        _ => return Err(Failure::missing("fault")),
    };
    texts
        .iter()
        .map(|text| {
            text.parse::<Fault>()
                .map_err(|error| Failure::invalid(error.to_string()))
        })
        .collect()
}

/// `{"ids": "honour"}` or `{"ids": "ignore"}`.
fn ids(raw: &[u8]) -> Result<ClientIds, Failure> {
    let body: Value = read(raw)?;
    let text = body["ids"]
        .as_str()
        .ok_or_else(|| Failure::missing("ids"))?;
    text.parse::<ClientIds>()
        .map_err(|error| Failure::invalid(error.to_string()))
}

fn read<T: DeserializeOwned>(raw: &[u8]) -> Result<T, Failure> {
    serde_json::from_slice(raw)
        .map_err(|error| Failure::invalid(format!("The body is not as expected: {error}")))
}
