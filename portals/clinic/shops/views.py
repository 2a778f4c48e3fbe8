"""The pages of the shops: facts to look up. Changes are the RxScale team's, at /staff/."""

from django.http import HttpResponse
from django.views.decorators.http import require_safe

from portals.clinic.access import ClinicRequest, Right, clinic_page
from portals.keyset import paginate
from portals.rendering import get_or_404, page

from . import queries


@clinic_page(Right.SETTINGS)
@require_safe
def shops_list(request: ClinicRequest) -> HttpResponse:
    rows = queries.with_patient_counts(request.organisation)
    shops = paginate(request, rows, key=("name", "uid"), is_time=False)
    context = {"shops": shops, "most": queries.MOST}
    return page(request, "portals/clinic/shops/list.html", context, part="rows")


@clinic_page(Right.SETTINGS)
@require_safe
def shop_page(request: ClinicRequest, uid: str) -> HttpResponse:
    shop = get_or_404(queries.with_patient_counts(request.organisation), uid=uid)
    bound = queries.bound_to(shop, request.organisation)
    context = {"shop": shop, "most": queries.MOST, "bound": bound}
    return page(request, "portals/clinic/shops/shop.html", context)
