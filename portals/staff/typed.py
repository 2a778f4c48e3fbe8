"""Django's admin and forms with their type parameters: the stubs are generic, the classes are not."""

from typing import TYPE_CHECKING, Any, Self

from django.contrib.admin import ModelAdmin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.forms import ModelForm

__all__ = [
    "TypedModelAdmin",
    "TypedModelForm",
    "TypedUserAdmin",
    "TypedUserChangeForm",
    "TypedUserCreationForm",
]

if TYPE_CHECKING:
    TypedModelAdmin = ModelAdmin
    TypedModelForm = ModelForm
    TypedUserAdmin = UserAdmin
    TypedUserChangeForm = UserChangeForm
    TypedUserCreationForm = AdminUserCreationForm
else:

    class _Parametrised:
        def __class_getitem__(cls, parameter: Any) -> type[Self]:
            return cls

    class TypedModelAdmin(_Parametrised, ModelAdmin):
        pass

    class TypedModelForm(_Parametrised, ModelForm):
        pass

    class TypedUserAdmin(_Parametrised, UserAdmin):
        pass

    class TypedUserChangeForm(_Parametrised, UserChangeForm):
        pass

    class TypedUserCreationForm(_Parametrised, AdminUserCreationForm):
        pass
