"""The choice of a shop something is bound to, or of none: then it is for every shop."""

from typing import Any

from django import forms

from organisations.models import Organisation, Shop


class ShopField(forms.ModelChoiceField):  # type: ignore[type-arg]  # not generic at run time
    """By uid. `offer` names the organisation whose shops there are; until then none."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            Shop.objects.none(),
            required=False,
            to_field_name="uid",
            empty_label="Every shop",
            error_messages={"invalid_choice": "There is no such shop."},
            **kwargs,
        )

    @staticmethod
    def offer(field: forms.Field, organisation: Organisation) -> None:
        assert isinstance(field, ShopField)  # noqa: S101  # a form's fields are typed loosely
        field.queryset = Shop.objects.of(organisation).order_by("name", "uid")

    def label_from_instance(self, obj: Any) -> str:
        return f"{obj.name} ({obj.identifier})" if obj.is_active else f"{obj.name} (deactivated)"
