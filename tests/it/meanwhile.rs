//! Somebody sets or removes a link or a favorite between plan and apply: it is theirs, and undo leaves it to them.

use serde_json::json;

use crate::scene::Scene;

const GROUND: &str = "
version: 1
name: ground
identity: test
steps:
  - { id: a, create: Accounts, key: one, set: { name: Acme } }
  - { id: c, for_each: [Doe, Roe], create: Contacts, key: '{{ item }}', set: { last_name: '{{ item }}' } }
";

const LINK: &str = "
  - { id: l, link: Accounts, record: '{{ steps.one.id }}', through: contacts, to: '{{ steps.all.ids }}' }
";

fn playbook(steps: &str) -> String {
    format!(
        "
version: 1
name: test
identity: test
limits: {{ max_deletes: 10, max_changes: 100 }}
steps:
  - {{ id: one, filter: Accounts, where: {{ name: Acme }} }}
  - {{ id: all, list: Contacts, fields: [last_name] }}
{steps}"
    )
}

struct Ground {
    scene: Scene,
    account: String,
    doe: String,
}

fn ground(steps: &str) -> Ground {
    let scene = Scene::new()
        .file("ground.yaml", GROUND)
        .file("link.yaml", &playbook(LINK))
        .file("test.yaml", &playbook(steps));
    scene.ends(0, "run ground.yaml --yes -o ground.run");
    let account = scene.server.text("SELECT id FROM accounts");
    let doe = scene
        .server
        .text("SELECT id FROM contacts WHERE last_name = 'Doe'");
    Ground {
        scene,
        account,
        doe,
    }
}

impl Ground {
    fn somebody_links_doe(&self, method: &str) {
        let link = format!("/Accounts/{}/link/contacts/{}", self.account, self.doe);
        self.scene.server.somebody(method, &link, &json!(null));
    }

    fn linked(&self) -> Vec<String> {
        let sql = "SELECT c.last_name FROM accounts_contacts l JOIN contacts c ON c.id = l.contact_id \
                   WHERE l.deleted = 0 ORDER BY 1";
        self.scene.server.lines(sql)
    }
}

#[test]
fn a_link_that_somebody_made_before_the_run_did_is_left_by_undo() {
    let ground = ground(LINK);
    ground.scene.ends(0, "plan test.yaml -o test.run");
    ground.somebody_links_doe("POST");
    ground.scene.ends(0, "apply test.run");
    assert_eq!(ground.linked(), ["Doe", "Roe"]);
    ground.scene.ends(0, "undo test.run --yes");
    assert_eq!(ground.linked(), ["Doe"]);
}

#[test]
fn links_that_are_all_there_already_are_not_sent() {
    let ground = ground(&LINK.replace("steps.all.ids", "steps.all.ids[:1]"));
    let plan = ground
        .scene
        .ends(0, "plan test.yaml --format json -o test.run");
    let planned = plan.operation("l", "0");
    let id = planned["after"]["to"][0].as_str().unwrap();
    let link = format!("/Accounts/{}/link/contacts/{id}", ground.account);
    ground.scene.server.somebody("POST", &link, &json!(null));
    let writes = ground.scene.server.writes();
    let done = ground.scene.ends(0, "apply test.run --format json");
    assert_eq!(done.operation("l", "0")["outcome"], "unchanged", "{done}");
    assert_eq!(ground.scene.server.writes(), writes);
    ground.scene.ends(0, "undo test.run --yes");
    assert_eq!(ground.linked().len(), 1);
}

#[test]
fn a_link_that_somebody_removed_before_the_run_did_is_not_made_again() {
    let ground = ground(&LINK.replace("link: Accounts", "unlink: Accounts"));
    ground.scene.ends(0, "run link.yaml --yes -o link.run");
    ground.scene.ends(0, "plan test.yaml -o test.run");
    ground.somebody_links_doe("DELETE");
    ground.scene.ends(0, "apply test.run");
    assert_eq!(ground.linked(), [""; 0]);
    ground.scene.ends(0, "undo test.run --yes");
    assert_eq!(ground.linked(), ["Roe"]);
}

#[test]
fn a_favorite_that_somebody_set_before_the_run_did_is_left_by_undo() {
    let ground = ground("  - { id: mark, favorite: Accounts, record: '{{ steps.one.id }}' }\n");
    let favorites = "SELECT count(*) FROM sugarfavorites";
    let scene = &ground.scene;
    scene.ends(0, "plan test.yaml -o test.run");
    let mark = format!("/Accounts/{}/favorite", ground.account);
    scene.server.somebody("PUT", &mark, &json!(null));
    let done = scene.ends(0, "apply test.run --format json");
    assert_eq!(
        done.operation("mark", "0")["outcome"],
        "unchanged",
        "{done}"
    );
    scene.ends(0, "undo test.run --yes");
    assert_eq!(scene.server.count(favorites), 1);
}
