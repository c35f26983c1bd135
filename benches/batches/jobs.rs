//! Jobs as people have them.

/// A job, with how many operations it has on each level of dependency.
pub(crate) struct Job {
    pub(crate) name: &'static str,
    pub(crate) playbook: String,
    pub(crate) levels: Vec<usize>,
}

pub(crate) fn jobs() -> Vec<Job> {
    let head = |name: &str| {
        format!(
            "version: 1\nname: {name}\nidentity: bench\nsettings: {{}}\nlimits: {{ max_changes: 100000, max_deletes: 1000 }}\nsteps:\n"
        )
    };
    let owned = |module: &str| {
        let step = module.to_lowercase();
        format!(
            "
  - id: {step}
    filter: {module}
    where: {{ assigned_user_id: '1' }}
  - id: move_{step}
    for_each: '{{{{ steps.{step}.records }}}}'
    update: {module}
    record: '{{{{ item.id }}}}'
    set: {{ assigned_user_id: successor }}
"
        )
    };
    vec![
        Job {
            name: "import",
            playbook: head("import") + &import(500, 2),
            levels: vec![1_500, 1_000],
        },
        Job {
            name: "hand-over",
            playbook: head("hand-over")
                + "
  - id: stale
    filter: Leads
    where: { status: New }
  - id: move
    for_each: '{{ steps.stale.records }}'
    update: Leads
    record: '{{ item.id }}'
    set: { status: Recycled }
  - id: explain
    for_each: '{{ steps.stale.records }}'
    create: Notes
    key: '{{ item.id }}'
    set: { name: Handed over }
  - id: attach
    for_each: '{{ steps.explain.items }}'
    link: Leads
    record: '{{ item.source.id }}'
    through: notes
    to: '{{ item.id }}'
",
            levels: vec![1_200, 600],
        },
        Job {
            name: "de-duplication",
            playbook: head("dedup")
                + "
  - id: doubles
    filter: Contacts
    where: { title: Double }
  - id: kept
    filter: Contacts
    where: { title: Kept? }
  - id: mark
    for_each: '{{ steps.kept.records }}'
    update: Contacts
    record: '{{ item.id }}'
    set: { title: Kept }
  - id: drop
    for_each: '{{ steps.doubles.records }}'
    delete: Contacts
    record: '{{ item.id }}'
",
            levels: vec![600],
        },
        Job {
            name: "picklist of 10,000 records",
            playbook: head("picklist")
                + "
  - id: old
    filter: Leads
    where: { lead_source: Other }
  - id: renamed
    for_each: '{{ steps.old.records }}'
    update: Leads
    record: '{{ item.id }}'
    set: { lead_source: Campaign }
",
            levels: vec![10_000],
        },
        Job {
            name: "leaver's records",
            playbook: head("leaver") + &owned("Accounts") + &owned("Cases") + &owned("Tasks"),
            levels: vec![900],
        },
    ]
}

/// Accounts, contacts and links between them.
pub(crate) fn import(accounts: usize, each: usize) -> String {
    format!(
        "
  - id: accounts
    for_each: '{{{{ range({accounts}) | list }}}}'
    create: Accounts
    key: '{{{{ item }}}}'
    set: {{ name: 'Account {{{{ item }}}}' }}
  - id: contacts
    for_each: '{{{{ range({}) | list }}}}'
    create: Contacts
    key: '{{{{ item }}}}'
    set: {{ last_name: 'Contact {{{{ item }}}}' }}
  - id: links
    for_each: '{{{{ steps.contacts.items }}}}'
    link: Accounts
    record: '{{{{ steps.accounts.by_key[item.source // {each}].id }}}}'
    through: contacts
    to: '{{{{ item.id }}}}'
",
        accounts * each
    )
}
