"""The mitmproxy addon. It sequences options, hooks and commands, and decides nothing.

    mitmdump -s addon/runtime.py

One way through for every exchange: flow, exchange, judgement, then (in enforce mode, on live flows) the action, and
in any case the findings on the flow and in the journal.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Iterable, Sequence
from dataclasses import replace
from weakref import WeakKeyDictionary

import mitmproxy.types
from mitmproxy import command, ctx, flow, http
from mitmproxy.addonmanager import Loader
from mitmproxy.exceptions import CommandError, OptionsError
from mitmproxy.hooks import UpdateHook
from mitmproxy.tools.dump import DumpMaster

from functions_runtime.catalogue import BY_ID, RULES
from functions_runtime.endpoint import Endpoint
from functions_runtime.engine import Foresight, Judge, overridden
from functions_runtime.message import Exchange, Response
from functions_runtime.record.journal import Journal, Record, Report
from functions_runtime.reports import text
from functions_runtime.rule import Step
from functions_runtime.ruling import Failure, Finding, Forward, Reply, Respond, Rewrite, Ruling, Severity
from functions_runtime.syntax.rfc9110 import PROXY_FIELDS, Fields, without_fields
from functions_runtime_proxy import content_view as runtime_view
from functions_runtime_proxy import flow_bridge, rule_argument
from functions_runtime_proxy import options as runtime_options
from functions_runtime_proxy.dashboard import Dashboard
from functions_runtime_proxy.exit_status import exit_afterwards
from functions_runtime_proxy.flow_bridge import Judgement
from functions_runtime_proxy.probe import Probe
from functions_runtime_proxy.report_files import LOG_SUFFIX, ReportWriter
from functions_runtime_proxy.rule_argument import RuleId
from functions_runtime_proxy.upload_discard import discard_upload

logger = logging.getLogger("runtime")

MAX_LOGGED = 20
"""New findings of one exchange that are logged one by one."""

MAX_NAMED = 5
"""Findings that are named where a run fails because of them."""

REFUSED = Respond(Reply(0, ""))
"""What the Runtime does with a response that it never asks for."""

EXIT_STATUS = 2
"""Of a run that runtime_fail_on makes fail."""


class FunctionsRuntime:
    """Imitates the Twilio Functions Runtime, or tells what it would do."""

    _settings: runtime_options.Settings
    _judge: Judge

    def __init__(self) -> None:
        self._judgements: WeakKeyDictionary[http.HTTPFlow, Judgement] = WeakKeyDictionary()
        self._writer = ReportWriter(self._report)
        self._dashboard = Dashboard(self._report)
        self._dashboard_address: tuple[str, int] | None = None
        self._listening: asyncio.Task[None] | None = None
        self._is_running = False
        self._probe = Probe(self._found_by_experiment, self._original_fields)
        self._forget()

    def _forget(self) -> None:
        self._journal = Journal()
        self._foresight = Foresight(RULES, secrets.token_bytes(32))

    # Life cycle

    def load(self, loader: Loader) -> None:
        rule_argument.register()
        runtime_options.declare(loader)
        self._heed_options()
        runtime_view.register(self._judgements.get)

    def configure(self, updated: set[str]) -> None:
        if not any(option.startswith("runtime_") for option in updated):
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
        self._settings = runtime_options.read(ctx.options, getattr(self, "_settings", None))
        self._judge = Judge(RULES, self._settings.profile)
        self._journal.compare_with(self._settings.baseline)
        self._writer.write_to(self._settings.reports)
        self._serve_dashboard()

    def running(self) -> None:
        self._is_running = True
        runtime_view.follow_focus()
        self._writer.start()
        self._serve_dashboard()

    def _serve_dashboard(self) -> None:
        address = self._settings.dashboard
        if self._is_running and address != self._dashboard_address:
            self._dashboard_address = address
            self._dashboard.close()
            if self._listening:
                self._listening.cancel()
            if address:
                self._listening = asyncio.get_running_loop().create_task(self._listen(*address))

    async def _listen(self, host: str, port: int) -> None:
        try:
            url = await self._dashboard.listen(host, port)
        except (OSError, ValueError) as error:  # a host name can be one that no name service takes
            logger.warning(
                "Runtime: the live page cannot be served at %s port %d: %s. Set runtime_dashboard to another address.",
                host,
                port,
                getattr(error, "strerror", None) or error,
            )
        else:
            logger.info("Runtime: the live page is at %s", url)

    def done(self) -> None:
        self._probe.stop()
        self._dashboard.close()
        self._writer.finish()
        if isinstance(ctx.master, DumpMaster) or not self._journal.judged:
            logger.info(self._summary())
        fail_on = self._settings.fail_on
        if fail_on and ctx.master.should_exit.is_set() and (new := self._journal.new(fail_on)):
            logger.warning(
                "Runtime: exit status %d, because there are new findings of severity %s or above "
                "(runtime_fail_on): %s%s.",
                EXIT_STATUS,
                fail_on,
                ", ".join(map(str, new[:MAX_NAMED])),
                f" and {len(new) - MAX_NAMED} more" if len(new) > MAX_NAMED else "",
            )
            exit_afterwards(EXIT_STATUS)

    def _report(self) -> Report:
        return self._journal.report(self._settings.mode, self._settings.profile.limits)

    def _summary(self) -> str:
        report = self._report()
        if report.judged:
            return text.render(report)
        why = text.nothing_judged(report, f"runtime_scope ({ctx.options.runtime_scope})")
        return f"Runtime: nothing was judged. {why}"

    # Hooks

    def requestheaders(self, flow: http.HTTPFlow) -> None:
        if not self._concerns(flow) or flow_bridge.is_spoken_for(flow):
            return
        if not self._settings.scope(flow):
            self._journal.outside_scope += 1
            self._changed()
            return
        judgement, verdict = self._judge_request(flow)
        if self._acts_on(flow):
            judgement.request_before = flow_bridge.fields_of(flow)
            if isinstance(verdict.action, Respond):
                self._respond_to_request(flow, verdict.action.reply)
            else:
                flow_bridge.rewrite_request(flow, verdict.action)
                if isinstance(verdict.action, Rewrite):
                    judgement.request_after = flow.request.headers.fields

    def responseheaders(self, flow: http.HTTPFlow) -> None:
        judgement = self._judgements.get(flow)
        if not flow_bridge.is_answered(flow) or not self._concerns(flow) or not self._settings.scope(flow):
            return
        if flow.live and flow_bridge.is_made_up(flow):
            if judgement:
                judgement.is_made_up = True
            return
        if judgement is None:  # a scope that speaks of the response: it is too late to act on the request
            judgement, _ = self._judge_request(flow)
        verdict = self._judge_response(flow, judgement)
        if self._acts_on(flow):
            if isinstance(verdict.action, Respond):
                judgement.reply = verdict.action.reply
                flow_bridge.replace_response(flow, judgement.reply)
            elif isinstance(verdict.action, Rewrite):
                flow_bridge.rewrite_response(flow, verdict.action)
            if not isinstance(verdict.action, Forward):
                judgement.response_after = flow_bridge.response_of(flow)
        if flow.live:
            flow_bridge.let_events_flow(flow)
            if flow.response and flow.response.stream:
                # User interfaces look at the flow again when it ends, and that may take long.
                ctx.master.addons.trigger(UpdateHook([flow]))

    def response(self, flow: http.HTTPFlow) -> None:
        judgement = self._judgements.get(flow)
        if judgement and judgement.reply:
            flow_bridge.finish_reply(flow, judgement.reply)
        self._probe.take(flow)

    def error(self, flow: http.HTTPFlow) -> None:
        judgement = self._judgements.get(flow)
        if judgement and judgement.reply and flow_bridge.is_reply_out(flow):
            flow_bridge.finish_reply(flow, judgement.reply)
            if flow.error and flow.error.msg == "Client disconnected.":
                flow.error = None  # it has the whole reply, and need not wait for the end of what that stands for
        self._probe.take(flow)

    def update(self, flows: Sequence[flow.Flow]) -> None:
        for each in flows:
            if each.intercepted and isinstance(each, http.HTTPFlow) and (judgement := self._judgements.get(each)):
                judgement.held = True

    # Commands

    @command.command("runtime.judge")
    def judge(self, flows: Sequence[flow.Flow]) -> None:
        """Judge flows again, by the options as they are now. Changes nothing on them but marks and comments."""
        judged = [
            each
            for each in flows
            if isinstance(each, http.HTTPFlow) and self._settings.scope(each) and self._concerns(each)
        ]
        for each in judged:
            self._judge_again(each)
        ctx.master.addons.trigger(UpdateHook(judged))
        logger.info("Runtime: judged %d of %d flows.", len(judged), len(flows))

    @command.command("runtime.probe")
    def probe(self, flows: Sequence[flow.Flow]) -> None:
        """Replay GET and HEAD requests with and without restricted headers, to see whether the site depends on them."""
        chosen = [each for each in flows if isinstance(each, http.HTTPFlow) and self._settings.scope(each)]
        try:
            started = self._probe.start(chosen)
        except ValueError as error:
            raise CommandError(str(error)) from error
        logger.info(
            "Runtime: experimenting with %d of %d flows; the others have no restricted header, are not GET or HEAD, "
            "or are outside runtime_scope.",
            started,
            len(flows),
        )

    @command.command("runtime.report")
    def write_report(self, path: mitmproxy.types.Path) -> None:
        """Write a report of all findings so far. The suffix of the path decides the format."""
        try:
            target = runtime_options.report_path("runtime.report", str(path))
            if target.suffix.lower() == LOG_SUFFIX:
                raise CommandError(f"A {LOG_SUFFIX} log grows while the proxy runs: set runtime_report to its path.")
            self._writer.write_now(target)
        except (OptionsError, OSError) as error:
            raise CommandError(str(error)) from error
        logger.info("Runtime: wrote %s.", target)

    @command.command("runtime.explain")
    def explain(self, rule: RuleId) -> str:
        """Say what a rule is, how sure it is, and what to do about its findings."""
        return runtime_view.explain(BY_ID[rule])

    @command.command("runtime.rules")
    def rules(self) -> Sequence[str]:
        """List the ids of all rules."""
        return list(BY_ID)

    @command.command("runtime.clear")
    def clear(self) -> None:
        """Forget all findings so far. Flows keep their marks and comments."""
        self._forget()
        for judgement in self._judgements.values():
            judgement.is_counted = False
        self._journal.compare_with(self._settings.baseline)
        self._changed()
        logger.info("Runtime: forgot all findings.")

    # What they have in common

    def _concerns(self, flow: http.HTTPFlow) -> bool:
        """Whether this is an exchange with the site: no tunnel to it, no replay of an experiment, not our own page."""
        request = flow.request
        if self._probe.owns(flow) or self._dashboard.is_at(request.host, request.port):
            return False
        return request.method != "CONNECT"

    def _original_fields(self, flow: http.HTTPFlow) -> Fields:
        judgement = self._judgements.get(flow)
        before = judgement.request_before if judgement else None
        fields: Fields = flow.request.headers.fields if before is None else before
        return without_fields(fields, PROXY_FIELDS)  # what the client said to mitmproxy is for nobody else

    def _found_by_experiment(self, flow: http.HTTPFlow, finding: Finding) -> None:
        judgement = self._judgements.get(flow) or self._judge_whole(flow)
        judgement.kept = [finding, *(each for each in judgement.kept if _place(each) != _place(finding))]
        self._judge_again(flow)
        ctx.master.addons.trigger(UpdateHook([flow]))

    def _acts_on(self, flow: http.HTTPFlow) -> bool:
        return flow.live and self._settings.enforces

    def _judge_request(self, flow: http.HTTPFlow) -> tuple[Judgement, Ruling]:
        request = flow_bridge.request_of(flow, self._settings.domain, ctx.options.keep_host_header)
        judgement = self._judgements[flow] = Judgement(request, Record(request.endpoint, request.time))
        judgement.stored = None if flow.live else flow_bridge.stored_findings(flow)
        self._count(flow, judgement)
        if judgement.stored is not None:
            judgement.changed = True
            verdict = self._as_wanted(flow, judgement.stored)
        else:
            judgement.kept = [] if flow.live else flow_bridge.findings_of_others(flow)
            verdict = self._judge.request(Exchange(request), self._settings.overrides_for(flow))
        self._heed_reply(judgement, verdict)
        self._take(flow, judgement, verdict)
        return judgement, verdict

    def _heed_reply(self, judgement: Judgement, asked: Ruling) -> None:
        judgement.over = isinstance(asked.action, Respond)
        if judgement.over:
            self._journal.site.saw_answer(judgement.record.endpoint)

    def _count(self, flow: http.HTTPFlow, judgement: Judgement) -> None:
        """Take an exchange down, also once more after everything was forgotten."""
        judgement.is_counted = True
        enforced = self._acts_on(flow) or judgement.request_before is not None or judgement.stored is not None
        request = judgement.request
        judgement.record = self._journal.begin(request.endpoint, request.time, enforced=enforced)
        judgement.findings, judgement.cookies = [], []
        self._journal.site.saw_request(judgement.record.endpoint, judgement.request)
        if judgement.response:
            self._journal.site.saw_response(judgement.record.endpoint, judgement.response)
        elif judgement.stored is not None and flow_bridge.is_answered(flow):
            self._journal.site.saw_changed_response(judgement.record.endpoint)

    def _judge_response(self, flow: http.HTTPFlow, judgement: Judgement) -> Ruling:
        if not judgement.is_counted:
            self._count(flow, judgement)
        if judgement.stored is not None:
            return Ruling()
        response = flow_bridge.response_of(flow, held=judgement.held)
        exchange = Exchange(judgement.request, response, judgement.removed, *flow_bridge.contents_seen(flow))
        self._journal.site.saw_response(judgement.record.endpoint, response)
        verdict, foreseen = self._verdicts_on(flow, judgement, exchange, response)
        self._take(flow, judgement, verdict, foreseen)
        judgement.response = response
        return verdict

    def _verdicts_on(
        self, flow: http.HTTPFlow, judgement: Judgement, exchange: Exchange, response: Response
    ) -> tuple[Ruling, Ruling]:
        """What the Runtime does with a response, its cookies among it, and what follows from the exchange."""
        overrides = self._settings.overrides_for(flow)
        answered = Ruling() if judgement.over else self._judge.response(exchange, overrides)
        if response.cookies:
            action = REFUSED if judgement.over else answered.action
            judgement.cookies = self._journal.site.saw_cookies(judgement.request.host, response, action)
        return answered, self._foresee(flow, judgement, exchange)

    def _foresee(self, flow: http.HTTPFlow, judgement: Judgement, exchange: Exchange) -> Ruling:
        """What follows from an exchange, and what followed from it before: a check tells its evidence once."""
        verdict = self._foresight.consequences(exchange, self._settings.profile)
        if not verdict.findings and not judgement.kept:
            return verdict
        extents = {_place(each): each.extent for each in judgement.kept}
        found = [each for each in verdict.findings if each.extent >= extents.get(_place(each), 0)]
        known = {_place(each) for each in found}
        kept = [each for each in judgement.kept if _place(each) not in known]
        judgement.kept = [*kept, *(each for each in found if BY_ID[each.rule].watch)]
        return self._as_wanted(flow, (*found, *kept))._replace(failures=verdict.failures)

    def _judge_whole(self, flow: http.HTTPFlow) -> Judgement:
        judgement, _ = self._judge_request(flow)
        if flow_bridge.is_answered(flow):
            self._judge_response(flow, judgement)
        return judgement

    def _as_wanted(self, flow: http.HTTPFlow, findings: Iterable[Finding]) -> Ruling:
        """Findings as the user wants them. One that belongs elsewhere is asked for there, whichever flow led to it."""
        if not self._settings.overrides:
            return Ruling(tuple(findings))
        here = self._judgements[flow].record.endpoint
        overrides = {here: self._settings.overrides_for(flow)}
        wanted: list[Finding] = []
        for finding in findings:
            there = finding.endpoint or here
            if there not in overrides:
                overrides[there] = self._settings.overrides_for(flow_bridge.flow_at(there, flow))
            wanted += overridden((finding,), overrides[there])
        return Ruling(tuple(wanted))

    def _judge_again(self, flow: http.HTTPFlow) -> None:
        """Judge an exchange anew as it came, whatever was made of it since, and take back what was said before."""
        judgement = self._judgements.get(flow)
        if judgement is None:
            self._judge_whole(flow)
            return
        if not judgement.is_counted:
            self._count(flow, judgement)
        with self._journal.judging_anew(judgement.record, judgement.findings):
            self._journal.site.forget_cookies(judgement.cookies)
            judgement.findings, judgement.cookies = [], []
            if judgement.stored is not None:
                verdicts = [self._as_wanted(flow, (*judgement.stored, *judgement.kept))]
            else:
                verdicts = self._verdicts_anew(flow, judgement)
            self._take(flow, judgement, *verdicts, again=True)

    def _verdicts_anew(self, flow: http.HTTPFlow, judgement: Judgement) -> list[Ruling]:
        domain = flow_bridge.function_domain(flow, self._settings.domain, ctx.options.keep_host_header)
        judgement.request = replace(judgement.request, domain=domain)
        unseen = judgement.response is None and not judgement.changed and not judgement.is_made_up
        if unseen and flow_bridge.is_answered(flow):  # it was outside the scope
            judgement.response = flow_bridge.response_of(flow, held=judgement.held)
            self._journal.site.saw_response(judgement.record.endpoint, judgement.response)
        sent, received = flow_bridge.contents_seen(flow)
        response = judgement.response
        exchange = Exchange(judgement.request, response, judgement.removed, sent, received and not judgement.changed)
        asked = self._judge.request(exchange, self._settings.overrides_for(flow))
        self._heed_reply(judgement, asked)
        if response is None:
            return [asked, self._as_wanted(flow, judgement.kept)]
        return [asked, *self._verdicts_on(flow, judgement, exchange, response)]

    def _take(self, flow: http.HTTPFlow, judgement: Judgement, *verdicts: Ruling, again: bool = False) -> None:
        """Show what was found, everywhere. What the exchange becomes is another matter."""
        acts = self._acts_on(flow) and not again
        for verdict in verdicts:
            judgement.findings += verdict.findings
            judgement.changed |= acts and not isinstance(verdict.action, Forward)
            for failure in verdict.failures:
                self._log_failure(flow, judgement.record, failure)
            new = self._journal.add(judgement.record, verdict.findings)
            self._writer.log(new)
            unknown = {id(entry.finding) for entry in new if not entry.known}
            replies = [finding for finding in verdict.findings if acts and (finding.status or 0) >= 400]
            for finding in replies[:1]:
                self._log(judgement.record, finding, f"answered {finding.status} to")
            logged = 0
            for finding in verdict.findings:
                if finding not in replies[:1] and finding.severity >= self._settings.show and id(finding) in unknown:
                    logged += 1
                    if logged <= MAX_LOGGED:
                        self._log(judgement.record, finding, f"{finding.severity} in")
            if logged > MAX_LOGGED:
                logger.info("Runtime: %d more findings in %s.", logged - MAX_LOGGED, judgement.record.endpoint)
        flow_bridge.annotate(flow, judgement.findings, self._settings.show, enforced=judgement.changed)
        runtime_view.refresh(flow)
        self._changed()

    def _changed(self) -> None:
        self._writer.touch()
        self._dashboard.changed()

    def _log(self, record: Record, finding: Finding, what: str) -> None:
        # Never an error: mitmproxy takes one, while it reads a file at its start, for a failed start.
        logger.log(
            logging.WARNING if finding.severity >= Severity.WARNING else logging.INFO,
            "Runtime %s %s%s: %s What to do: %s [%s]",
            what,
            finding.endpoint or record.endpoint,
            f" (Twilio Error {finding.twilio_error})" if finding.twilio_error else "",
            finding.message,
            finding.fix,
            finding.rule,
        )

    def _log_failure(self, flow: http.HTTPFlow, record: Record, failure: Failure) -> None:
        foreseen = BY_ID[failure.rule].step is Step.CONSEQUENCES
        logger.warning(
            "Runtime: the check %s broke on flow %s, %s (%s). %s Please report this.",
            failure.rule,
            flow.id,
            record.endpoint,
            failure.where,
            "The other checks are not affected." if foreseen else "The exchange goes on untouched.",
        )

    def _respond_to_request(self, flow: http.HTTPFlow, reply: Reply) -> None:
        flow.request.stream = False
        flow.response = flow_bridge.reply_to(flow, reply)
        if ctx.options.stream_large_bodies and not discard_upload(flow):
            logger.warning(
                "Runtime: the upload of flow %s could not be held back. If it is large, mitmproxy breaks it off; "
                "unset stream_large_bodies to avoid that.",
                flow.id,
            )


def _place(finding: Finding) -> tuple[str, str | None, Endpoint | None]:
    """What a finding is about. Of two about the same, the one that goes further is said."""
    return finding.rule, finding.subject, finding.endpoint


addons = [FunctionsRuntime()]
