/** The page for signing in. */
import { useLingui } from "@lingui/react/macro";
import { createLazyRoute, getRouteApi, useRouter } from "@tanstack/react-router";
import { SignIn } from "@/features/account/SignIn";
import { usePageTitle } from "@/ui/usePageTitle";

export const Route = createLazyRoute("/sign-in")({ component: SignInPage });
const route = getRouteApi("/sign-in");

function SignInPage() {
  const { t } = useLingui();
  const { next } = route.useSearch();
  const router = useRouter();
  usePageTitle(t`Sign in`);
  return <SignIn next={next} onDone={() => router.history.replace(next ?? "/")} />;
}
