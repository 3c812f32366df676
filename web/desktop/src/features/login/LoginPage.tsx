import { Button } from '@twilio-paste/core/button';
import { Callout, CalloutText } from '@twilio-paste/core/callout';
import { HelpText } from '@twilio-paste/core/help-text';
import { Input } from '@twilio-paste/core/input';
import { Label } from '@twilio-paste/core/label';
import { useEffect, useRef, useState, type FormEvent } from 'react';
import { manager } from '../../actions';
import { signIn } from '../../actions/session';
import { useAppSelector } from '../../state/selectors';
import { Logo } from '../../ui/Logo';
import styles from './LoginPage.module.css';
import { faultOf, missingFields, type LoginFault } from './model';

export function LoginPage() {
  const { notice, lastIdentity } = useAppSelector((state) => state.flex.session);
  const productName = useAppSelector((state) => state.flex.config.productName);
  const [username, setUsername] = useState(lastIdentity ?? '');
  const [password, setPassword] = useState('');
  const [busy, setBusy] = useState(false);
  const [fault, setFault] = useState<LoginFault>({});
  const usernameInput = useRef<HTMLInputElement>(null);
  const passwordInput = useRef<HTMLInputElement>(null);

  useEffect(() => {
    (lastIdentity ? passwordInput : usernameInput).current?.focus();
  }, [lastIdentity]);

  useEffect(() => {
    document.title = `Sign in – ${productName}`;
  }, [productName]);

  const show = (found: LoginFault) => {
    setFault(found);
    (found.username ? usernameInput : passwordInput).current?.focus();
  };

  const submit = async (event: FormEvent) => {
    event.preventDefault();
    if (busy) return;
    const missing = missingFields(username, password);
    if (missing) {
      show(missing);
      return;
    }
    setBusy(true);
    setFault({});
    try {
      await signIn(manager, username.trim(), password);
    } catch (error) {
      const found = faultOf(error);
      if (found.forgetPassword) setPassword('');
      setBusy(false);
      show(found);
    }
  };

  return (
    <main className={styles.page}>
      <section className={styles.card} aria-labelledby="login-heading">
        <div className={styles.brand}>
          <Logo size={36} />
          <span>{productName}</span>
        </div>
        <h1 id="login-heading" className={styles.heading}>
          Sign in
        </h1>
        {notice && !fault.form && (
          <Callout variant="neutral" marginY="space0" data-testid="login-notice">
            <CalloutText>{notice}</CalloutText>
          </Callout>
        )}
        <div role="alert">
          {fault.form && (
            <Callout variant="error" marginY="space0" data-testid="login-error">
              <CalloutText>{fault.form}</CalloutText>
            </Callout>
          )}
        </div>
        <form className={styles.form} onSubmit={submit} noValidate>
          <div>
            <Label htmlFor="username">Username</Label>
            <Input
              ref={usernameInput}
              id="username"
              data-testid="login-username"
              type="text"
              autoComplete="username"
              autoCapitalize="none"
              spellCheck={false}
              value={username}
              hasError={Boolean(fault.username)}
              aria-describedby={fault.username ? 'username-fault' : undefined}
              onChange={(e) => setUsername(e.target.value)}
            />
            {fault.username && (
              <HelpText id="username-fault" variant="error">
                {fault.username}
              </HelpText>
            )}
          </div>
          <div>
            <Label htmlFor="password">Password</Label>
            <Input
              ref={passwordInput}
              id="password"
              data-testid="login-password"
              type="password"
              autoComplete="current-password"
              value={password}
              hasError={Boolean(fault.password)}
              aria-describedby={fault.password ? 'password-fault' : undefined}
              onChange={(e) => setPassword(e.target.value)}
            />
            {fault.password && (
              <HelpText id="password-fault" variant="error">
                {fault.password}
              </HelpText>
            )}
          </div>
          <Button
            variant="primary"
            type="submit"
            fullWidth
            loading={busy}
            data-testid="login-submit"
          >
            Sign in
          </Button>
        </form>
      </section>
    </main>
  );
}
