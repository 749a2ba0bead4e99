"""Which hosts are taken for an org's My Domain, which are mapped, and which are refused."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from reconciler.model import hosts
from reconciler.model.hosts import PARTITIONS, fold, judge_host

SENT_AS_THEY_ARE = [
    "acme.my.salesforce.com",
    "a.my.salesforce.com",
    "1acme.my.salesforce.com",
    "acme-dev-ed.my.salesforce.com",
    "acme--uat.sandbox.my.salesforce.com",
    "acme-dev-ed.develop.my.salesforce.com",
    *(f"acme.{partition}.my.salesforce.com" for partition in PARTITIONS),
    "acme.my.salesforce.mil",
    "acme--uat.sandbox.my.salesforce.mil",
    "acme.my.sfcrmproducts.cn",
]
NORMALISED = [
    ("https://acme.my.salesforce.com", "acme.my.salesforce.com"),
    ("HTTPS://ACME.My.Salesforce.COM", "acme.my.salesforce.com"),
    ("  acme.my.salesforce.com\n", "acme.my.salesforce.com"),
    ("acme.my.salesforce.com/", "acme.my.salesforce.com"),
    ("https://acme.my.salesforce.com///", "acme.my.salesforce.com"),
    ("httpd.my.salesforce.com", "https://httpd.my.salesforce.com"),
    ("https://httpd.my.salesforce.com", "https://httpd.my.salesforce.com"),
]
DROPPED = [
    ("http://acme.my.salesforce.com", "plain http (https is used) does not belong here"),
    ("Http://acme.my.salesforce.com/", "plain http (https is used) does not belong here"),
    ("acme.my.salesforce.com/services/oauth2/token", "the path behind the host does not belong here"),
    ("acme.my.salesforce.com?startURL=/", "the path behind the host does not belong here"),
    ("acme.my.salesforce.com#top", "the path behind the host does not belong here"),
    (
        "http://acme.my.salesforce.com/home/home.jsp",
        "plain http (https is used) and the path behind the host do not belong here",
    ),
]
MAPPED = [
    ("acme.lightning.force.com", "acme.my.salesforce.com", "Lightning"),
    ("https://acme.lightning.force.com/lightning/page/home", "acme.my.salesforce.com", "Lightning"),
    ("acme--uat.sandbox.lightning.force.com", "acme--uat.sandbox.my.salesforce.com", "Lightning"),
    ("acme.develop.lightning.force.com", "acme.develop.my.salesforce.com", "Lightning"),
    ("acme.my.salesforce-setup.com", "acme.my.salesforce.com", "Setup"),
    ("acme--uat.sandbox.my.salesforce-setup.com", "acme--uat.sandbox.my.salesforce.com", "Setup"),
    ("gov.lightning.crmforce.mil", "gov.my.salesforce.mil", "Lightning"),
    ("gov.lightning.force.mil", "gov.my.salesforce.mil", "Lightning"),
    ("gov.my.salesforce-setup.mil", "gov.my.salesforce.mil", "Setup"),
    ("cn.lightning.sfcrmapps.cn", "cn.my.sfcrmproducts.cn", "Lightning"),
    ("cn.setup.sfcrmproducts.cn", "cn.my.sfcrmproducts.cn", "Setup"),
]
PAGES = "is a host of Salesforce pages or files, and no log-in answers there"
SITE = "is the host of a site; the client credentials flow is known to work at the My Domain alone"
ALTERNATIVE = "is an alternative domain, of which it is not known whether it answers the client credentials flow"
REFUSED = [
    ("login.salesforce.com", "`login.salesforce.com` does not answer the client credentials flow"),
    ("https://test.salesforce.com/", "`test.salesforce.com` does not answer the client credentials flow"),
    ("na123.salesforce.com", "`na123.salesforce.com` is the host of a Salesforce instance, which many orgs share"),
    ("cs42.salesforce.com", "`cs42.salesforce.com` is the host of a Salesforce instance, which many orgs share"),
    ("acme--c.vf.force.com", f"`acme--c.vf.force.com` {PAGES}"),
    ("acme--c.visualforce.com", f"`acme--c.visualforce.com` {PAGES}"),
    ("acme--c.visual.force.com", f"`acme--c.visual.force.com` {PAGES}"),
    ("acme.file.force.com", f"`acme.file.force.com` {PAGES}"),
    ("acme--c.documentforce.com", f"`acme--c.documentforce.com` {PAGES}"),
    ("acme--c.content.force.com", f"`acme--c.content.force.com` {PAGES}"),
    ("acme.my.site.com", f"`acme.my.site.com` {SITE}"),
    ("acme.secure.force.com", f"`acme.secure.force.com` {SITE}"),
    ("acme.my-salesforce.com", f"`acme.my-salesforce.com` {ALTERNATIVE}"),
    ("help.salesforce.com", "`help.salesforce.com` is a page of Salesforce's own and no org"),
    ("developer.salesforce.com", "`developer.salesforce.com` is a page of Salesforce's own and no org"),
    ("trailhead.salesforce.com", "`trailhead.salesforce.com` is a page of Salesforce's own and no org"),
    ("www.salesforce.com", "`www.salesforce.com` is a page of Salesforce's own and no org"),
    ("acme.pc-rnd.salesforce.com", "`acme.pc-rnd.salesforce.com` is not a Salesforce My Domain"),
    ("acme.stm.salesforce.com", "`acme.stm.salesforce.com` is not a Salesforce My Domain"),
    ("acme.crm.dev", "`acme.crm.dev` is not a Salesforce My Domain"),
    ("acme.gus.vpod.salesforce.com", "`acme.gus.vpod.salesforce.com` is not a Salesforce My Domain"),
    ("acme.my.sfcrmapps.cn", "`acme.my.sfcrmapps.cn` is not a Salesforce My Domain"),
    ("crm.acme.example", "`crm.acme.example` is not a Salesforce My Domain"),
    ("my.salesforce.com", "`my.salesforce.com` is not a Salesforce My Domain"),
    ("acme.unknown.my.salesforce.com", "`acme.unknown.my.salesforce.com` is not a Salesforce My Domain"),
    ("acme.none.my.salesforce.com", "`acme.none.my.salesforce.com` is not a Salesforce My Domain"),
    ("-acme.my.salesforce.com", "`-acme.my.salesforce.com` is not a Salesforce My Domain"),
    ("acme-.my.salesforce.com", "`acme-.my.salesforce.com` is not a Salesforce My Domain"),
    ("äcme.my.salesforce.com", "`äcme.my.salesforce.com` is not a Salesforce My Domain"),
    ("acme.my.salesforce.com.", "`acme.my.salesforce.com.` is not a Salesforce My Domain"),
    ("acme.my.salesforce.com.evil.example", "`acme.my.salesforce.com.evil.example` is not a Salesforce My Domain"),
    ("acme.my.salesforce.comevil.example", "`acme.my.salesforce.comevil.example` is not a Salesforce My Domain"),
    ("evil.example/acme.my.salesforce.com", "`evil.example` is not a Salesforce My Domain"),
    ("evil.example#.my.salesforce.com", "`evil.example` is not a Salesforce My Domain"),
    ("evil.example?.my.salesforce.com", "`evil.example` is not a Salesforce My Domain"),
    ("acme%2emy.salesforce.com", "`acme%2emy.salesforce.com` is not a Salesforce My Domain"),
    ("00D5g000004abcdEAA", "`00d5g000004abcdeaa` is the id of an org and not its host"),
    ("127.0.0.1", "`127.0.0.1` is not a Salesforce My Domain"),
    ("localhost", "`localhost` is not a Salesforce My Domain"),
    ("[::1]", "an instance URL is a host alone: no user, no port, no blank"),
    ("user:pass@acme.my.salesforce.com", "an instance URL is a host alone: no user, no port, no blank"),
    ("acme.my.salesforce.com@evil.example", "an instance URL is a host alone: no user, no port, no blank"),
    ("acme.my.salesforce.com:8443", "an instance URL is a host alone: no user, no port, no blank"),
    ("acme.my. salesforce.com", "an instance URL is a host alone: no user, no port, no blank"),
    ("evil.example\\.my.salesforce.com", "an instance URL is a host alone: no user, no port, no blank"),
    ("https://https://acme.my.salesforce.com", "an instance URL is a host alone: no user, no port, no blank"),
    ("ftp://acme.my.salesforce.com", "an instance URL is a host alone: no user, no port, no blank"),
    ("a" * 254, "a host has at most 253 characters"),
    ("", "there is no host here"),
    (" ", "there is no host here"),
    ("https://", "there is no host here"),
    ("/", "there is no host here"),
]


@pytest.mark.parametrize("host", SENT_AS_THEY_ARE)
def test_a_my_domain_is_sent_as_it_is(host: str) -> None:
    assert judge_host(host) == hosts.JudgedHost(host)


@pytest.mark.parametrize(("written", "sent"), NORMALISED)
def test_scheme_case_blanks_and_slashes_are_no_matter(written: str, sent: str) -> None:
    assert judge_host(written) == hosts.JudgedHost(sent)


@pytest.mark.parametrize(("written", "problem"), DROPPED)
def test_what_stands_around_the_host_is_dropped_and_said(written: str, problem: str) -> None:
    assert judge_host(written) == hosts.JudgedHost("acme.my.salesforce.com", problem, "write `acme.my.salesforce.com`")


@pytest.mark.parametrize(("written", "sent", "what"), MAPPED)
def test_a_page_s_host_is_mapped_to_its_my_domain_and_said(written: str, sent: str, what: str) -> None:
    verdict = judge_host(written)

    assert (verdict.host, verdict.hint) == (sent, f"write `{sent}`")
    assert f"is the {what} page's host; `{sent}` is used" in verdict.problem


@pytest.mark.parametrize(("written", "problem"), REFUSED)
def test_everything_else_is_refused_with_where_to_find_the_right_one(written: str, problem: str) -> None:
    verdict = judge_host(written)

    assert (verdict.host, verdict.problem) == (None, problem)
    assert "Current My Domain URL" in verdict.hint


def test_a_sandbox_s_host_from_before_enhanced_domains_is_taken_and_questioned() -> None:
    verdict = judge_host("acme--uat.my.salesforce.com")

    assert verdict.host == "acme--uat.my.salesforce.com"
    assert verdict.problem == "`acme--uat.my.salesforce.com` is a sandbox's host from before enhanced domains"
    assert verdict.hint.startswith("write `acme--uat.sandbox.my.salesforce.com` if")


def test_a_proxy_in_front_of_a_my_domain_is_refused_with_the_host_behind_it() -> None:
    verdict = judge_host("https://acme.my.salesforce.com.mcas.ms/")

    assert (verdict.host, verdict.hint) == (None, "write `acme.my.salesforce.com`")
    assert verdict.problem == "`acme.my.salesforce.com.mcas.ms` is a Microsoft Defender proxy, which would read the secret"


@pytest.mark.parametrize("written", ["user:pa55word@acme.my.salesforce.com", "https://user:pa55word@evil.example/"])
def test_a_password_in_an_instance_url_is_not_repeated(written: str) -> None:
    verdict = judge_host(written)

    assert "pa55word" not in f"{verdict.problem}{verdict.hint}"


@pytest.mark.parametrize("allowed", ["sim.example", "SIM.example ", "https://sim.example/"])
@pytest.mark.parametrize("written", ["sim.example", "https://SIM.example/"])
def test_an_allowed_host_is_taken_however_either_is_written(allowed: str, written: str) -> None:
    assert judge_host(written, (allowed,)) == hosts.JudgedHost("sim.example")


def test_an_allowed_host_may_have_a_port() -> None:
    assert judge_host("localhost:8443", ("localhost:8443",)).host == "localhost:8443"
    assert judge_host("localhost:8444", ("localhost:8443",)).host is None


def test_an_allowed_host_is_not_a_pattern_and_not_a_suffix() -> None:
    assert judge_host("evil.sim.example", ("sim.example",)).host is None
    assert (
        judge_host(
            "evil.example",
            (
                "*.example",
                "*",
            ),
        ).host
        is None
    )


def test_what_is_dropped_around_an_allowed_host_is_said_too() -> None:
    assert judge_host("http://sim.example/x", ("sim.example",)).problem.startswith("plain http")


@settings(deadline=None)
@given(st.text(max_size=300))
def test_what_is_sent_is_always_a_salesforce_host(text: str) -> None:
    host = judge_host(text).host

    assert host is None or host.endswith((".my.salesforce.com", ".my.salesforce.mil", ".my.sfcrmproducts.cn"))


@settings(deadline=None)
@given(st.from_regex(hosts._MY_DOMAIN, fullmatch=True))
def test_judging_what_is_sent_again_changes_nothing(host: str) -> None:
    sent = judge_host(host).host

    assert sent is None or judge_host(sent).host == sent


@pytest.mark.parametrize(
    "written",
    [
        "acme.my.salesforce.com",
        "https://acme.my.salesforce.com",
        "HTTPS://ACME.my.salesforce.com/",
        "http://acme.my.salesforce.com//",
        " acme.my.salesforce.com ",
    ],
)
def test_folding_ignores_scheme_case_blanks_and_slashes(written: str) -> None:
    assert fold(written) == "acme.my.salesforce.com"


@pytest.mark.parametrize(("written", "sent", "_"), MAPPED)
def test_folding_never_maps_one_host_to_another(written: str, sent: str, _: str) -> None:
    assert fold(written) != fold(sent)
    assert written.removeprefix("https://") == fold(written)


def test_folding_keeps_what_stands_behind_the_host() -> None:
    assert fold("https://acme.my.salesforce.com/x") == "acme.my.salesforce.com/x"
