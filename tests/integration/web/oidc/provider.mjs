// A real provider for the tests: who signs in is what the header x-test-user says.
// Arguments: port, address to come back to, offset of its clock in seconds. Prints one line when it listens.
import { createServer } from 'node:http';
import { generateKeyPairSync } from 'node:crypto';

const [port, publicUrl, offset] = process.argv.slice(2);
if (Number(offset)) {
  const real = Date.now.bind(Date);
  Date.now = () => real() + Number(offset) * 1000;
}
const { Provider } = await import('oidc-provider');

const users = {
  anna: { preferred_username: 'Anna', groups: ['kirdi-desk'] },
  doctor: { preferred_username: 'dr.one', groups: ['kirdi-doctors', 'others'], practitioner: 'D-1' },
  stranger: { preferred_username: 'stranger', groups: ['others'] },
};
const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const key = { ...privateKey.export({ format: 'jwk' }), kid: `k-${process.pid}`, use: 'sig', alg: 'RS256' };

const provider = new Provider(`http://127.0.0.1:${port}`, {
  clients: [{
    client_id: 'kirdi',
    client_secret: 'a secret of the tests, long enough',
    redirect_uris: [`${publicUrl}/api/v1/oidc/callback`],
    post_logout_redirect_uris: [`${publicUrl}/`],
  }],
  jwks: { keys: [key] },
  cookies: { keys: ['only for tests'] },
  claims: { openid: ['sub'], profile: ['preferred_username', 'groups', 'practitioner'] },
  features: { devInteractions: { enabled: false } },
  ttl: { IdToken: 600, AccessToken: 600, Interaction: 3600, Session: 3600, Grant: 3600, AuthorizationCode: 60 },
  pkce: { required: () => true },
  interactions: { url: (_ctx, interaction) => `/interaction/${interaction.uid}` },
  findAccount: (_ctx, id) => users[id] && { accountId: id, claims: () => ({ sub: id, ...users[id] }) },
});

const answer = provider.callback();
createServer(async (req, res) => {
  if (!req.url.startsWith('/interaction/')) return answer(req, res);
  const { prompt, params, session } = await provider.interactionDetails(req, res);
  if (prompt.name === 'login') {
    const user = req.headers['x-test-user'];
    const result = user === 'nobody'
      ? { error: 'access_denied', error_description: 'they thought better of it' }
      : { login: { accountId: user } };
    return provider.interactionFinished(req, res, result, { mergeWithLastSubmission: false });
  }
  const grant = new provider.Grant({ accountId: session.accountId, clientId: params.client_id });
  grant.addOIDCScope(params.scope);
  const grantId = await grant.save();
  return provider.interactionFinished(req, res, { consent: { grantId } }, { mergeWithLastSubmission: true });
}).listen(Number(port), '127.0.0.1', () => console.log('ready'));
