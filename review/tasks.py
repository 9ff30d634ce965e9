"""The panel's work in the background: mails that must not cost the request any time."""

from celery import shared_task
from django.utils import timezone

from bsti_db.accounts.models import Member
from review import mail, services
from review.models import Assignment, Case, CaseQuestion
from review.services import asking, discussing, reminding


@shared_task(autoretry_for=(OSError,), retry_backoff=True, max_retries=5)
def send_question_mail(question_id: int) -> None:
    """Tell the submitter of a question, or its asker of the answer. Run again, it sends nothing."""
    question = CaseQuestion.objects.filter(pk=question_id).first()
    if question:
        mail.send_about_question(question, at=timezone.now())


@shared_task(autoretry_for=(OSError,), retry_backoff=True, max_retries=5)
def remind_submitter(question_id: int) -> None:
    question = CaseQuestion.objects.filter(pk=question_id).first()
    if question:
        mail.send_reminder(question, at=timezone.now())


@shared_task
def resume_question_mails() -> None:
    """Ring again for every mail about a question that is due, reminders among them."""
    for pk in CaseQuestion.objects.awaiting_mail().values_list("pk", flat=True):
        send_question_mail.delay(pk)
    for pk in asking.due_for_reminder(at=timezone.now()).values_list("pk", flat=True):
        remind_submitter.delay(pk)


@shared_task(autoretry_for=(OSError,), retry_backoff=True, max_retries=5)
def remind_reader(member_id: int) -> None:
    """Tell a reader what is due soon or overdue. Run again, it sends nothing."""
    now = timezone.now()
    member = reminding.readers_to_remind(at=now).filter(pk=member_id).first()
    if member:
        mail.send_reading_reminder(member, at=now)


@shared_task
def remind_readers() -> None:
    """Ring for every reader who is to be reminded of something, by day."""
    now = timezone.now()
    if reminding.may_write_now(at=now):
        for pk in reminding.readers_to_remind(at=now).values_list("pk", flat=True):
            remind_reader.delay(pk)


@shared_task(autoretry_for=(OSError,), retry_backoff=True, max_retries=5)
def tell_member_of_discussions(member_id: int) -> None:
    """Send a member their digest. Run again, it sends nothing."""
    now = timezone.now()
    member = discussing.members_to_tell(at=now).filter(pk=member_id).first()
    if member:
        mail.send_discussion_digest(member, at=now)


@shared_task
def tell_of_discussions() -> None:
    """Ring for everybody who has something to be told of the discussions."""
    for pk in discussing.members_to_tell(at=timezone.now()).values_list("pk", flat=True):
        tell_member_of_discussions.delay(pk)


@shared_task
def return_cases_of_closed_accounts() -> None:
    """Finish what closing an account began, should its process have ended in between."""
    gone = Assignment.objects.of_the_gone().values("member")
    for member in Member.objects.filter(pk__in=gone):
        services.pass_on_what_is_left_of(
            member=member, reason=services.ACCOUNT_CLOSED, at=timezone.now()
        )


@shared_task(autoretry_for=(OSError,), retry_backoff=True, max_retries=5)
def tell_curators(case_id: int) -> None:
    """Tell the curators of a case that was set aside. Run again, it sends nothing."""
    case = Case.objects.filter(pk=case_id).first()
    if case:
        mail.send_set_aside(case, at=timezone.now())


@shared_task
def resume_telling_curators() -> None:
    """Ring again for every case set aside of which no curator was told."""
    for pk in Case.objects.awaiting_curators().values_list("pk", flat=True):
        tell_curators.delay(pk)
