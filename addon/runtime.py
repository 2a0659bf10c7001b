"""The mitmproxy addon. It sequences options, hooks and commands, and decides nothing.

    mitmdump -s addon/runtime.py

One way through for every exchange: flow, exchange, judgement, then (in enforce mode, on live flows) the action, and
in any case the findings on the flow and in the journal.
"""

from __future__ import annotations

import logging
import secrets
from weakref import WeakKeyDictionary

from mitmproxy import ctx, http
from mitmproxy.addonmanager import Loader
from mitmproxy.hooks import UpdateHook
from mitmproxy.tools.dump import DumpMaster

import flow_bridge
import runtime_options
from flow_bridge import Judgement
from functions_runtime.catalogue import RULES
from functions_runtime.engine import Foresight, Judge
from functions_runtime.journal import Journal, Record, Report
from functions_runtime.message import Exchange
from functions_runtime.reports import text
from functions_runtime.verdict import Failure, Finding, Reply, Respond, Rewrite, Severity, Verdict
from report_writer import ReportWriter
from upload_discard import discard_upload

logger = logging.getLogger("runtime")


class FunctionsRuntime:
    """Imitates the Twilio Functions Runtime, or tells what it would do."""

    _settings: runtime_options.Settings
    _judge: Judge

    def __init__(self) -> None:
        self._journal = Journal()
        self._writer = ReportWriter(self._report)
        self._judgements: WeakKeyDictionary[http.HTTPFlow, Judgement] = WeakKeyDictionary()
        self._foresight = Foresight(RULES, secrets.token_bytes(32))
        self._outside_scope = 0

    # Life cycle

    def load(self, loader: Loader) -> None:
        runtime_options.declare(loader)

    def configure(self, updated: set[str]) -> None:
        if any(option.startswith("runtime_") for option in updated):
            self._settings = runtime_options.read(ctx.options)
            self._judge = Judge(RULES, self._settings.profile)
            self._writer.write_to(self._settings.reports)

    def running(self) -> None:
        self._writer.start()

    def done(self) -> None:
        self._writer.finish()
        if isinstance(ctx.master, DumpMaster):
            logger.info(self._summary())

    def _report(self) -> Report:
        return self._journal.report(self._settings.mode, self._settings.profile.limits)

    def _summary(self) -> str:
        if self._journal.judged:
            return text.render(self._report())
        if self._outside_scope:
            return (
                f"Runtime: nothing was judged. None of {self._outside_scope} requests matched runtime_scope "
                f"({ctx.options.runtime_scope})."
            )
        return "Runtime: nothing was judged, because no HTTP request came by."

    # Hooks

    def requestheaders(self, flow: http.HTTPFlow) -> None:
        if flow.request.method == "CONNECT" or (flow.live and (flow.response or flow.error)):
            return
        if not self._settings.scope(flow):
            self._outside_scope += 1
            return
        judgement = self._begin(flow)
        if not flow.live and (stored := flow_bridge.stored_findings(flow)) is not None:
            judgement.stored = True
            self._take(flow, judgement, stored)
            return
        verdict = self._judge_request(flow, judgement)
        if flow.live and self._settings.enforces:
            if isinstance(verdict.action, Respond):
                self._respond_to_request(flow, verdict.action.reply)
            else:
                flow_bridge.rewrite_request(flow, verdict.action)

    def responseheaders(self, flow: http.HTTPFlow) -> None:
        if not flow.response or (flow.live and flow_bridge.is_made_up(flow)) or not self._settings.scope(flow):
            return
        overrides = self._settings.overrides_for(flow)
        judgement = self._judgements.get(flow)
        if judgement is None:  # a scope that speaks of the response: it is too late to act on the request
            judgement = self._begin(flow)
            self._judge_request(flow, judgement)
        if judgement.stored:
            return
        exchange = Exchange(judgement.request, flow_bridge.response_of(flow))
        verdict = Verdict() if judgement.over else self._judge.response(exchange, overrides)
        foreseen = self._foresight.consequences(exchange, self._settings.profile, overrides)
        self._journal.site.saw_response(judgement.record.endpoint, exchange, verdict)
        self._take(flow, judgement, verdict.findings + foreseen.findings, verdict.failures + foreseen.failures)
        if flow.live and self._settings.enforces:
            if isinstance(verdict.action, Respond):
                judgement.reply = verdict.action.reply
                flow_bridge.replace_response(flow, judgement.reply)
            elif isinstance(verdict.action, Rewrite):
                flow_bridge.rewrite_response(flow, verdict.action)
        if flow.live:
            flow_bridge.let_events_flow(flow)
            ctx.master.addons.trigger(UpdateHook([flow]))

    def response(self, flow: http.HTTPFlow) -> None:
        judgement = self._judgements.get(flow)
        if judgement and judgement.reply:
            flow_bridge.finish_reply(flow, judgement.reply)

    # What the hooks have in common

    def _begin(self, flow: http.HTTPFlow) -> Judgement:
        request = flow_bridge.request_of(flow, self._settings.domain, ctx.options.keep_host_header)
        record = self._journal.begin(request.endpoint, request.time)
        self._journal.site.saw_request(record.endpoint, Exchange(request))
        judgement = self._judgements[flow] = Judgement(request, record)
        return judgement

    def _judge_request(self, flow: http.HTTPFlow, judgement: Judgement) -> Verdict:
        verdict = self._judge.request(Exchange(judgement.request), self._settings.overrides_for(flow))
        judgement.over = isinstance(verdict.action, Respond)
        self._take(flow, judgement, verdict.findings, verdict.failures)
        return verdict

    def _take(
        self,
        flow: http.HTTPFlow,
        judgement: Judgement,
        findings: tuple[Finding, ...],
        failures: tuple[Failure, ...] = (),
    ) -> None:
        """Show findings everywhere. What the exchange becomes is another matter."""
        for failure in failures:
            logger.warning(
                "Runtime: the check %s broke on flow %s, %s (%s). The exchange goes on untouched; please report this.",
                failure.rule,
                flow.id,
                judgement.record.endpoint,
                failure.where,
            )
        judgement.findings += findings
        new = self._journal.add(judgement.record, findings)
        acts = flow.live and self._settings.enforces
        for finding in findings:
            replied = acts and (finding.status or 0) >= 400
            if replied or (finding in new and finding.severity >= self._settings.show):
                self._log(judgement.record, finding, replied)
        flow_bridge.annotate(flow, judgement.findings, self._settings.show, self._settings.mode)
        self._writer.touch()

    def _log(self, record: Record, finding: Finding, replied: bool) -> None:
        error = f" (Twilio Error {finding.twilio_error})" if finding.twilio_error else ""
        what = f"answered {finding.status} to" if replied else f"{finding.severity} in"
        # Never an error: mitmproxy takes one, while it reads a file at its start, for a failed start.
        logger.log(
            logging.WARNING if finding.severity >= Severity.WARNING else logging.INFO,
            "Runtime %s %s%s: %s What to do: %s [%s]",
            what,
            finding.endpoint or record.endpoint,
            error,
            finding.message,
            finding.fix,
            finding.rule,
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


addons = [FunctionsRuntime()]
