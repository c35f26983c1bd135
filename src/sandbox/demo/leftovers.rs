//! What years of use leave behind in a CRM: people who were entered twice, and values of lists that are no more.
//!
//! Comes after everything else, so that the rest of the demo data does not depend on it.

use serde_json::Value;
use serde_json::json;

use super::fill::Pen;
use crate::sandbox::failure::Failure;

/// Somebody who was entered when the company was.
pub(super) struct Known {
    pub(super) first_name: Value,
    pub(super) last_name: Value,
    pub(super) email: Value,
    pub(super) account: String,
}

/// One of so many companies has somebody who was entered again.
const ENTERED_AGAIN: usize = 8;
/// One of so many companies has brought a lead along from the old system.
const BROUGHT_ALONG: usize = 4;
/// How the old system called the sources of a lead.
const OLD_SOURCES: &[&str] = &["Tradeshow", "Internet", "Inbound Call", "Mailing"];

pub(super) fn fill(
    pen: &mut Pen<'_>,
    people: &[Known],
    lead: impl Fn(&mut Pen<'_>) -> Value,
) -> Result<(), Failure> {
    for (number, person) in people.iter().step_by(ENTERED_AGAIN).enumerate() {
        again(pen, person)?;
        // Some people come to every fair.
        if number % 3 == 0 {
            again(pen, person)?;
        }
    }
    for number in 0..people.len() / BROUGHT_ALONG {
        let mut fields = lead(pen);
        fields["status"] = json!("In Process");
        fields["lead_source"] = json!(OLD_SOURCES[number % OLD_SOURCES.len()]);
        pen.create("Leads", fields)?;
    }
    Ok(())
}

/// Enters a person a second time, as happens with lists from a fair: nobody looked, and work went on with the new one.
fn again(pen: &mut Pen<'_>, person: &Known) -> Result<(), Failure> {
    let fields = json!({
        "first_name": person.first_name, "last_name": person.last_name, "email1": person.email,
        "account_id": person.account, "lead_source": "Other", "description": "From the list of visitors.",
    });
    let contact = pen.create("Contacts", fields)?;
    let fields = json!({
        "name": "Asked for a quote at the fair", "account_id": person.account, "status": "New", "priority": "P3",
        "type": "User",
    });
    let case = pen.create("Cases", fields)?;
    pen.link(
        "Cases",
        &case,
        "contacts",
        &contact,
        &json!({ "contact_role": "Alternate Contact" }),
    )?;
    let fields = json!({
        "name": "Call back after the fair", "status": "Not Started", "priority": "Medium", "contact_id": contact,
        "parent_type": "Accounts", "parent_id": person.account,
    });
    pen.create("Tasks", fields)?;
    Ok(())
}
