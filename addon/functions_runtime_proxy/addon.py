"""The mitmproxy addon: its hooks and commands. An exchange is read, judged, enforced and published, once each.

What the Runtime does is decided in `functions_runtime.session`. Here it is only put in order.
"""

from __future__ import annotations

import functools
import gc
import logging
import secrets
from collections.abc import Sequence
from weakref import WeakKeyDictionary

import mitmproxy.types
from mitmproxy import command, ctx, flow, http
from mitmproxy.addonmanager import Loader
from mitmproxy.exceptions import CommandError, OptionsError
from mitmproxy.hooks import UpdateHook

from functions_runtime.case import Origin, Outcome
from functions_runtime.catalogue import BY_ID
from functions_runtime.record.report import Report
from functions_runtime.reports import terminal
from functions_runtime.ruling import Finding, Respond
from functions_runtime.session import Overrides, Session
from functions_runtime.syntax.rfc9110 import PROXY_FIELDS, Fields, without_fields
from functions_runtime_proxy import content_view, enforce, gate, internals, options, publish, read
from functions_runtime_proxy.counting import passed
from functions_runtime_proxy.dashboard import Dashboard
from functions_runtime_proxy.passage import Passage
from functions_runtime_proxy.probe import Probe
from functions_runtime_proxy.registrable import registrable_domain
from functions_runtime_proxy.report_files import ReportWriter
from functions_runtime_proxy.rule_argument import RuleId, register_rule_argument

logger = logging.getLogger("runtime")

_LOADED: WeakKeyDictionary[object, FunctionsRuntime] = WeakKeyDictionary()
"""By mitmproxy's master, the addon of the script that it loaded last. If it loads the script again, the run goes on."""


class FunctionsRuntime:
    """Imitates the Twilio Functions Runtime, or tells what it would do."""

    def __init__(self) -> None:
        self._settings = options.DEFAULTS
        self._session = Session(self._settings.profile, secrets.token_bytes(32), registrable=registrable_domain)
        self._is_over = False
        self._log_that_scope_is_late = functools.cache(publish.log_that_scope_is_late)  # once
        self._passages: WeakKeyDictionary[http.HTTPFlow, Passage] = WeakKeyDictionary()
        self._writer = ReportWriter(self._report)
        self._dashboard = Dashboard(self._report)
        self._probe = Probe(self._shown_by_experiment, self._original_fields)

    # Life cycle

    def load(self, loader: Loader) -> None:
        register_rule_argument()
        options.declare(loader)
        for sentence in options.unknown(internals.deferred_options(ctx.options)):
            logger.error("%s", sentence)  # an error in the log makes mitmproxy end, and is a sentence
        before = _LOADED.get(ctx.master)
        if before:
            self._session, self._passages, self._settings = before._session, before._passages, before._settings
        _LOADED[ctx.master] = self
        self._heed_options()
        content_view.register(self._passages.get)

    def configure(self, updated: set[str]) -> None:
        if not options.concern(updated):
            return
        try:
            self._heed_options()
        except OptionsError as error:
            if "scripts" not in updated:
                raise
            # The script is being loaded with all options at once. mitmproxy would show a traceback of what is raised
            # then; an error in the log makes it end as well, and is a sentence.
            logger.error("%s", error)

    def _heed_options(self) -> None:
        before, self._settings = self._settings, options.read(ctx.options, self._settings)
        if before.scope_text != self._settings.scope_text:
            self._session.scope_changed()
        self._session.use(self._settings.profile)
        self._session.compare_with(self._settings.baseline)
        self._writer.write_to(self._settings.reports)
        self._dashboard.serve_at(self._settings.dashboard)
        self._dashboard.changed()

    def running(self) -> None:
        internals.follow_focus()
        self._writer.start()
        self._dashboard.start()
        # What mitmproxy has loaded never goes: looking through it again and again takes 60 ms each time.
        gc.collect()
        gc.freeze()

    def done(self) -> None:
        self._is_over = True
        self._probe.stop()
        self._dashboard.close()
        settings, report = self._settings, self._report()
        self._writer.finish(report)
        if internals.prints_log() or not report.judged:
            logger.info(terminal.summary(report, settings.reports, settings.scope_text, settings.show))
        if internals.is_ending():
            internals.exit_afterwards(gate.status_of(report, settings.fail_on))

    def _report(self) -> Report:
        settings = self._settings
        return self._session.report(settings.mode, scoped=settings.is_scoped, is_over=self._is_over)

    # Hooks

    def requestheaders(self, flow: http.HTTPFlow) -> None:
        self._passages.pop(flow, None)  # a replay is another exchange of the same flow
        if flow.metadata:
            read.forget_notes(flow)
        if not self._concerns(flow) or read.is_spoken_for(flow):
            return
        if not self._settings.scope(flow):
            self._session.left_out(read.recorded_names(flow))
            self._changed()
            return
        passage, outcome = self._begin(flow)
        if passage.case.origin is Origin.ENFORCED:
            passage.enforce_request(flow, outcome.action, streams_large_bodies=self._settings.streams_large_bodies)
        if self._settings.streams_large_bodies:
            enforce.prepare_upload(flow)
        shows = passage.case.has_reply or passage.case.is_over or not (flow.live or read.is_answered(flow))
        self._publish(flow, passage, outcome, shows=shows)

    def request(self, flow: http.HTTPFlow) -> None:
        if not flow.request.raw_content:
            return
        passage = self._passages.get(flow)
        if not passage or not flow.live or flow.response or not read.announces_no_content(passage.case):
            return
        outcome = self._session.sent(passage.case, passed(flow.request), self._overrides(flow, passage))
        passage.case = outcome.case
        if passage.case.origin is Origin.ENFORCED and isinstance(outcome.action, Respond):
            passage.enforce_request(flow, outcome.action, streams_large_bodies=False)
        self._publish(flow, passage, outcome, shows=passage.case.has_reply)

    def responseheaders(self, flow: http.HTTPFlow) -> None:
        passage = self._passages.get(flow)
        if (passage.case.is_over if passage else not self._concerns(flow)) or not read.is_answered(flow):
            return
        if not self._is_in_scope(flow):
            self._withdraw(flow)
        elif read.is_foreign(flow, passage.case if passage else None):
            self._leave_alone(flow, passage)
        else:
            self._respond(flow, passage or self._begin_late(flow))

    def _respond(self, flow: http.HTTPFlow, passage: Passage) -> None:
        """Judge, enforce and publish the site's own response, whose head is there."""
        if passage.case.is_over:
            return
        outcome = self._judge_response(flow, passage)
        if passage.case.origin is Origin.ENFORCED:
            passage.enforce_response(flow, outcome.action)
        if flow.live:
            passage.is_streamed = enforce.prepare_stream(flow, may_begin=self._settings.streams_large_bodies)
        self._publish(flow, passage, outcome)
        if passage.is_streamed:  # user interfaces look at the flow again when it ends, and that may take long
            ctx.master.addons.trigger(UpdateHook([flow]))

    def response(self, flow: http.HTTPFlow) -> None:
        self._probe.take(flow)
        passage = self._passages.get(flow)
        if passage and flow.response:
            if flow.response is passage.stand_in:
                passage.stand_in.finish()
            self._end(flow, passage, flow.response.timestamp_end)

    def error(self, flow: http.HTTPFlow) -> None:
        self._probe.take(flow)
        passage = self._passages.get(flow)
        if not passage:
            return
        ended = flow.error.timestamp if flow.error else None
        if passage.stand_in and flow.response is passage.stand_in and passage.stand_in.is_out:
            passage.stand_in.finish()
            if flow.error and flow.error.msg == "Client disconnected.":
                flow.error = None  # it has the whole reply, and need not wait for the end of what that stands for
        self._end(flow, passage, ended, read.waited_in_vain(flow))
        if not passage.is_published:
            self._show(flow, passage)

    def update(self, flows: Sequence[flow.Flow]) -> None:
        for each in flows:
            if each.intercepted and each in self._passages:
                read.note_held(each)

    # Commands

    @command.command("runtime.judge")
    def judge(self, flows: Sequence[flow.Flow]) -> None:
        """Judge flows again, by the options as they are now. What is outside the scope no longer counts."""
        chosen = [each for each in flows if isinstance(each, http.HTTPFlow) and self._concerns(each)]
        judged = 0
        for each in chosen:
            if self._is_in_scope(each):
                self._judge_again(each)
                judged += 1
            else:
                self._withdraw(each)
        self._changed()
        ctx.master.addons.trigger(UpdateHook(chosen))
        logger.info("Runtime: judged %d of %d flows.", judged, len(flows))

    @command.command("runtime.probe")
    def probe(self, flows: Sequence[flow.Flow]) -> None:
        """Replay GET and HEAD requests with and without restricted headers, to see whether the site depends on them."""
        chosen = [each for each in flows if isinstance(each, http.HTTPFlow) and self._is_in_scope(each)]
        try:
            self._probe.start(chosen, len(flows))
        except ValueError as error:
            raise CommandError(str(error)) from error

    @command.command("runtime.report")
    def write_report(self, path: mitmproxy.types.Path) -> None:
        """Write a report of all findings so far. The suffix of the path decides the format."""
        try:
            target = options.report_path("runtime.report", str(path))
            self._writer.write_now(target)
        except (OptionsError, OSError, ValueError) as error:
            raise CommandError(str(error)) from error
        logger.info("Runtime: wrote %s.", target)

    @command.command("runtime.explain")
    def explain(self, rule: RuleId) -> Sequence[str]:
        """Say what a rule is, how sure it is, and how to fix its findings."""
        return content_view.explain(BY_ID[rule])

    @command.command("runtime.rules")
    def rules(self) -> Sequence[str]:
        """List the ids of all rules."""
        return list(BY_ID)

    @command.command("runtime.clear")
    def clear(self) -> None:
        """Forget all findings so far. Flows keep their marks and comments."""
        self._session.clear()
        self._changed()
        logger.info("Runtime: forgot all findings.")

    # Read and judge

    def _concerns(self, flow: http.HTTPFlow) -> bool:
        """Whether this is an exchange with the site: no tunnel to it, no replay of an experiment, not our own page."""
        data = flow.request.data
        if data.method == b"CONNECT" or self._probe.owns(flow):
            return False
        return not self._dashboard.is_at(data.host, data.port)

    def _is_in_scope(self, flow: http.HTTPFlow) -> bool:
        return self._settings.includes(flow, self._passages.get(flow))

    def _overrides(self, flow: http.HTTPFlow, passage: Passage) -> Overrides | None:
        return self._settings.overrides_of(flow, passage.case.endpoint, passage)

    def _begin(self, flow: http.HTTPFlow) -> tuple[Passage, Outcome]:
        """Judge the request of a flow that nothing is known of, or all of it if it is a recording and not changed."""
        settings = self._settings
        fields = read.fields_of(flow)
        request = read.request_of(flow, fields, settings.domain, settings.keep_host_header)
        origin = Origin.ENFORCED if settings.enforces else Origin.AUDITED
        told: tuple[Finding, ...] = ()
        if not flow.live:
            told, changed = read.stored_findings(flow)
            origin = Origin.CHANGED if changed else Origin.RECORDED
        overrides = self._settings.overrides_of(flow, request.endpoint)
        if origin is Origin.RECORDED and not read.is_foreign(flow, None):
            outcome = self._session.whole(read.recorded_exchange(flow, request), origin, overrides, told=told)
        else:
            over_tls, names, sent = read.is_over_tls(flow), read.recorded_names(flow), passed(flow.request)
            unmeasured = origin is Origin.CHANGED and read.is_answered_by_site(flow, None)
            outcome = self._session.request(
                request,
                origin,
                overrides,
                told=told,
                unmeasured=unmeasured,
                names=names,
                sent=sent,
                over_tls=over_tls,
            )
        passage = self._passages[flow] = Passage(outcome.case, is_changed=origin is Origin.CHANGED)
        if origin is Origin.ENFORCED:
            passage.came, passage.request_before = flow.request.headers.fields, fields
        return passage, outcome

    def _begin_late(self, flow: http.HTTPFlow) -> Passage:
        """As `_begin`, if only the response shows that the flow is in scope. It is too late to act on the request."""
        self._session.came_into_scope()
        passage, asked = self._begin(flow)
        self._publish(flow, passage, asked, shows=passage.case.is_over, acts=False)
        if passage.case.origin is Origin.ENFORCED:
            self._log_that_scope_is_late()
        return passage

    def _judge_response(self, flow: http.HTTPFlow, passage: Passage) -> Outcome:
        outcome = self._session.response(
            passage.case,
            read.response_of(flow),
            self._overrides(flow, passage),
            removed=passage.removed,
            sent=passed(flow.request),
            received=passed(flow.response),
        )
        passage.case = outcome.case
        return outcome

    def _end(self, flow: http.HTTPFlow, passage: Passage, ended: float | None, waited: float | None = None) -> None:
        if passage.case.is_over:
            return
        outcome = self._session.ended(
            passage.case,
            passed(flow.request),
            passage.stand_in.swallowed if passage.stand_in else passed(flow.response),
            ended,
            self._overrides(flow, passage),
            waited=waited,
        )
        passage.case = outcome.case
        if outcome.findings or outcome.failures:
            self._publish(flow, passage, outcome, acts=False)

    def _leave_alone(self, flow: http.HTTPFlow, passage: Passage | None) -> None:
        """The response is not the site's: it is the Runtime's own, or another addon's."""
        read.note_foreign(flow, passage.case if passage else None)
        if passage:
            enforce.keep_reply(flow, passage.case)
            passage.case = passage.case.of_somebody_else()
            if not passage.is_published:
                self._show(flow, passage)

    def _judge_again(self, flow: http.HTTPFlow) -> None:
        """Judge an exchange anew as it came, whatever was made of it since, and take back what was said before."""
        passage = self._passages.get(flow)
        if passage is None:
            passage, asked = self._begin(flow)
            self._publish(flow, passage, asked, shows=False, acts=False)
            if read.is_answered_by_site(flow, asked.case) and not asked.case.is_over:
                self._publish(flow, passage, self._judge_response(flow, passage), shows=False, acts=False)
                if not flow.live or read.end_of(flow) is not None:
                    self._end(flow, passage, read.end_of(flow))
        else:
            domain = read.function_domain(flow, self._settings.domain, self._settings.keep_host_header)
            case = passage.case.at_domain(domain)
            overrides = self._overrides(flow, passage)
            if case.lacks_response and read.is_answered_by_site(flow, case):  # it was outside the scope
                response = read.response_of(flow)
                outcome = self._session.again(case, overrides, late=(response, passed(flow.response)))
            else:
                outcome = self._session.again(case, overrides)
            passage.case = outcome.case
            self._publish(flow, passage, outcome, shows=False, acts=False)
        self._show(flow, passage)

    def _withdraw(self, flow: http.HTTPFlow) -> None:
        """Take back what was said of an exchange that is outside the scope now."""
        passage = self._passages.get(flow)
        if passage:
            passage.case = self._session.withdraw(passage.case)
            passage.is_published = True
            publish.silence(flow, (*passage.case.findings, *passage.silenced) if passage.is_changed else ())
            self._changed()

    def _original_fields(self, flow: http.HTTPFlow) -> Fields:
        passage = self._passages.get(flow)
        before = passage.request_before if passage else None
        fields: Fields = flow.request.headers.fields if before is None else before
        return without_fields(fields, PROXY_FIELDS)  # what the client said to mitmproxy is for nobody else

    def _judged(self, flow: http.HTTPFlow) -> Passage:
        """The passage of a flow, which is judged now if it was not."""
        if flow not in self._passages:
            self._judge_again(flow)
        return self._passages[flow]

    def _shown_by_experiment(self, flow: http.HTTPFlow, header: str, finding: Finding | None) -> None:
        """Take down what an experiment without this header has shown, if the flow is still in scope."""
        if not self._is_in_scope(flow):
            return
        passage = self._judged(flow)
        overrides = self._overrides(flow, passage)
        outcome = self._session.evidence(passage.case, header, finding, overrides)
        passage.case = outcome.case
        self._publish(flow, passage, outcome, acts=False)
        ctx.master.addons.trigger(UpdateHook([flow]))

    # Publish

    def _publish(
        self, flow: http.HTTPFlow, passage: Passage, outcome: Outcome, *, shows: bool = True, acts: bool = True
    ) -> None:
        """Publish what a step came to.

        `shows` says that the flow shows its findings from now on. `acts` says that what was ruled happens, if the case
        is enforced.
        """
        case, action, _, new, failures = outcome
        if new or failures or isinstance(action, Respond):
            publish.log(flow, outcome, self._settings.show, acts=acts and case.origin is Origin.ENFORCED)
        if shows:
            self._show(flow, passage)
        self._writer.log(new)
        self._changed()

    def _show(self, flow: http.HTTPFlow, passage: Passage) -> None:
        """Let the flow show what was found."""
        passage.is_published = True
        found, show = passage.case.findings, self._settings.show
        publish.annotate(flow, found, show, enforced=passage.is_changed, silenced=passage.silenced)
        internals.refresh_focus(flow)

    def _changed(self) -> None:
        """Let reports and the live page be made anew."""
        self._writer.touch()
        self._dashboard.changed()
