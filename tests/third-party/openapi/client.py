"""A day's work with the client that openapi-python-client made of the document, with the types that it made."""

import os

from nexus_client import AuthenticatedClient
from nexus_client.api.configs import post_projects_project_services_service_configs as post_config
from nexus_client.api.flags import post_projects_project_services_service_flags as post_flag
from nexus_client.api.flags import post_projects_project_services_service_flags_key_toggle as toggle
from nexus_client.api.members import get_members
from nexus_client.api.projects import get_projects_project, post_projects
from nexus_client.api.secrets import get_projects_project_services_service_secrets as list_secrets
from nexus_client.api.secrets import get_projects_project_services_service_secrets_key as get_secret
from nexus_client.api.secrets import post_projects_project_services_service_secrets as post_secret
from nexus_client.api.services import post_projects_project_services as post_service
from nexus_client.api.who_am_i import get_whoami
from nexus_client import models


def main():
    client = AuthenticatedClient(base_url=os.environ["NEXUS_ORIGIN"], token=os.environ["NEXUS_API_KEY"])
    me = get_whoami.sync(client=client)
    assert isinstance(me, models.WhoAmI) and me.tenant == "acme", me

    new = models.NewProject(name="Shop", slug="shop")
    project = post_projects.sync(client=client, body=new, idempotency_key="shop-1")
    again = post_projects.sync(client=client, body=new, idempotency_key="shop-1")
    assert isinstance(project, models.Project) and project.slug == "shop" and again == project, (project, again)
    assert get_projects_project.sync("shop", client=client) == project

    new = models.NewService(name="API", slug="api", kind=models.ServiceKind.BACKEND, environment="live")
    service = post_service.sync("shop", client=client, body=new)
    assert isinstance(service, models.Service) and service.kind is models.ServiceKind.BACKEND, service

    at = ("shop", "api")
    secret = post_secret.sync(*at, client=client, body=models.NewSecret(key="DB_URL", value="a secret"))
    assert isinstance(secret, models.SecretRow) and secret.version == 1, secret
    assert get_secret.sync(*at, "DB_URL", client=client).value == "a secret"
    listed = list_secrets.sync(*at, client=client, limit=10)
    assert [row.key for row in listed.data] == ["DB_URL"] and listed.next_cursor is None, listed

    config = post_config.sync(*at, client=client, body=models.NewConfig(key="PORT", value=8080))
    assert isinstance(config, models.ConfigRow) and config.value == 8080, config
    flag = post_flag.sync(*at, client=client, body=models.NewFlag(key="new-checkout", state=models.FlagState.ON))
    assert isinstance(flag, models.FlagRow) and flag.enabled, flag
    flag = toggle.sync(*at, "new-checkout", client=client, body=models.Toggle(enabled=False))
    assert isinstance(flag, models.FlagRow) and not flag.enabled and flag.version == 2, flag

    members = get_members.sync(client=client)
    assert [member.email for member in members.data] == ["owner@acme.test"], members

    refused = post_projects.sync(client=client, body=models.NewProject(name="", slug="x"))
    assert isinstance(refused, models.ErrorBody) and refused.code is models.Code.INVALID_REQUEST, refused
    assert "name" in refused.details.additional_properties, refused
    missing = get_projects_project.sync("nowhere", client=client)
    assert isinstance(missing, models.ErrorBody) and missing.code is models.Code.NOT_FOUND, missing


main()
