'use strict';

// @sugarcrm/thorn: log in, create by bulk with links, a user of its own, filter, update, favorite, count, delete.

const assert = require('assert');

process.env.THORN_SERVER_URL = process.env.SUGAR_URL;
process.env.THORN_ADMIN_USERNAME = process.env.SUGAR_USERNAME;
process.env.THORN_ADMIN_PASSWORD = process.env.SUGAR_PASSWORD;

const { Agent, Fixtures } = require('@sugarcrm/thorn');

it('serves thorn through a whole scenario', async () => {
    // Required fields that are not given come from the metadata, by random values.
    const contact = { module: 'Contacts', attributes: { first_name: 'Ann', last_name: 'Other' } };
    const account = { module: 'Accounts', attributes: { name: 'Thorn Inc' }, links: { contacts: [contact] } };
    const opportunity = { module: 'Opportunities', attributes: { account_name: 'x' } };
    const user = { module: 'Users', attributes: { user_name: 'Ada', user_hash: 'ada', last_name: 'Lovelace', status: 'Active' } };
    const records = await Fixtures.create([contact, account, opportunity, user]);
    assert.strictEqual(records.Accounts[0].name, 'Thorn Inc');
    assert.ok(records.Opportunities[0].amount, 'a required amount was made up');
    const id = records.Accounts[0].id;
    assert.strictEqual(Fixtures.lookup('Contacts', { last_name: 'Other' }).id, records.Contacts[0].id);

    const admin = Agent.as(Agent.ADMIN);
    const related = (await admin.get(`Accounts/${id}/link/contacts`)).response.body;
    assert.deepStrictEqual(related.records.map(record => record.full_name), ['Ann Other']);
    await Fixtures.link(records.Opportunities[0], 'contacts', records.Contacts[0]);

    const alone = (await admin.post('Accounts', { name: 'Thorn Two' })).response;
    assert.strictEqual(alone.statusCode, 200);
    const found = (await admin.post('Accounts/filter', { filter: [{ name: { $starts: 'Thorn' } }], order_by: 'name' })).response.body;
    assert.deepStrictEqual(found.records.map(record => record.name), ['Thorn Inc', 'Thorn Two']);
    const count = (await admin.get('Accounts/count?filter[0][name][$contains]=horn')).response.body;
    assert.strictEqual(count.record_count, 2);

    // The user that was created logs in by itself, on two versions of the API.
    const ada = Agent.as('Ada');
    const changed = (await ada.on('v11').put(`Accounts/${id}`, { industry: 'Energy' })).response.body;
    assert.strictEqual(changed.modified_by_name, 'Lovelace');
    assert.strictEqual((await ada.put(`Accounts/${id}/favorite`, {})).response.body.my_favorite, true);
    assert.strictEqual((await admin.get(`Accounts/${id}`)).response.body.my_favorite, false);
    const me = (await ada.get('me')).response.body.current_user;
    assert.strictEqual(me.full_name, 'Lovelace');

    const metadata = (await admin.get('metadata?type_filter=full_module_list')).response.body;
    assert.strictEqual(metadata.full_module_list.Accounts, 'Accounts');

    await admin.delete(`Accounts/${alone.body.id}`);
    const cleaned = (await Fixtures.cleanup()).response.body;
    assert.ok(cleaned.every(answer => answer.status === 200), JSON.stringify(cleaned));
    assert.strictEqual((await Agent.as(Agent.ADMIN).get('Accounts/count?filter[0][name][$starts]=Thorn')).response.body.record_count, 0);
    const out = (await Agent.as(Agent.ADMIN).post('oauth2/logout', {})).response.body;
    assert.deepStrictEqual(out, { success: true });
});
