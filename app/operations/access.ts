import { refuseTokens } from './caller.ts';
import { OperationError } from './error.ts';
import { operations } from './implementer.ts';

/** One that leaked must not be able to make itself permanent or lock its owner out. */
const notForTokens = 'API tokens cannot change who has access. Sign in to the dashboard instead.';

export const access = {
  setPassword: operations.access.setPassword.handler(({ context, input }) => {
    const { actor, session } = context.caller;
    refuseTokens(context.caller, notForTokens);
    return context.access.setPassword({
      password: input.password,
      current: input.current,
      // Whoever reaches the control socket owns the data folder; this is also the way back after a lost password.
      needsCurrent: actor === 'dashboard',
      keepSession: session,
      actor,
    });
  }),

  signInLink: operations.access.signInLink.handler(({ context }) => {
    const { actor } = context.caller;
    if (actor !== 'cli' && actor !== 'window') {
      throw new OperationError(
        'FORBIDDEN',
        'Sign-in links are made on the machine itself: run "gatehouse open" there.',
        {
          reason: 'CONTROL_SOCKET_ONLY',
        },
      );
    }
    const { url, lanUrl } = context.engine.snapshot().status.dashboard;
    const base = url === '' ? lanUrl : url;
    if (base === null) {
      throw new OperationError(
        'UNAVAILABLE',
        'The dashboard is off, as its address cannot be had. "gatehouse status" says why.',
        { reason: 'DASHBOARD_OFF' },
      );
    }
    const { code, expiresAt } = context.access.createSignInCode();
    return { url: signInUrl(base, code), expiresAt };
  }),

  tokens: {
    list: operations.access.tokens.list.handler(({ context }) => [...context.access.tokens()]),
    create: operations.access.tokens.create.handler(({ context, input }) => {
      refuseTokens(context.caller, notForTokens);
      return context.access.createToken(input.name, context.caller.actor);
    }),
    revoke: operations.access.tokens.revoke.handler(({ context, input }) => {
      refuseTokens(context.caller, notForTokens);
      return context.access.revokeToken(input.id, context.caller.actor);
    }),
  },

  signOutAll: operations.access.signOutAll.handler(({ context }) => {
    refuseTokens(context.caller, notForTokens);
    return { ended: context.access.signOutAll() };
  }),
};

/** The link that signs a browser in once. */
function signInUrl(dashboardUrl: string, code: string): string {
  const url = new URL('/sign-in', dashboardUrl);
  url.searchParams.set('code', code);
  return url.href;
}
