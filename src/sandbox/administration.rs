//! `/sandbox/…`: what a test may change while the server runs. Reachable from this machine only, as all of it.

use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use serde_json::json;

use super::answer::Answer;
use super::config::ClientIds;
use super::cost::CostModel;
use super::dispatch::no_method;
use super::failure::Failure;
use super::faults::Fault;
use super::orders::Order;
use super::rights::RoleFile;
use super::service::Service;

/// Serves `GET|POST|DELETE /sandbox/faults`, `PUT /sandbox/ids`, `PUT /sandbox/roles` and `PUT /sandbox/cost`.
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
        ("PUT", "sandbox/cost") => {
            cost(service.cost(), raw).map(|cost| service.set_cost(Some(cost)))
        }
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

/// Milliseconds for a request and a record of each kind, and the number of workers. What is not named stays as it is; a
/// sandbox without a cost model starts from one that costs nothing.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Cost {
    request: Option<f64>,
    create: Option<f64>,
    update: Option<f64>,
    delete: Option<f64>,
    read: Option<f64>,
    workers: Option<usize>,
}

fn cost(before: Option<CostModel>, raw: &[u8]) -> Result<CostModel, Failure> {
    let given: Cost = read(raw)?;
    let mut cost = before.unwrap_or(CostModel::NOTHING);
    for (time, milliseconds) in [
        (&mut cost.request, given.request),
        (&mut cost.create, given.create),
        (&mut cost.update, given.update),
        (&mut cost.delete, given.delete),
        (&mut cost.read, given.read),
    ] {
        if let Some(milliseconds) = milliseconds {
            *time = Duration::try_from_secs_f64(milliseconds / 1000.0).map_err(|_| {
                Failure::invalid(format!("{milliseconds} is no number of milliseconds"))
            })?;
        }
    }
    match given.workers {
        Some(0) => return Err(Failure::invalid("An instance has at least one worker.")),
        Some(workers) => cost.workers = workers,
        None => {}
    }
    Ok(cost)
}

fn read<T: DeserializeOwned>(raw: &[u8]) -> Result<T, Failure> {
    serde_json::from_slice(raw)
        .map_err(|error| Failure::invalid(format!("The body is not as expected: {error}")))
}
