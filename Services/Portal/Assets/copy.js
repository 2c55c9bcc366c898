// Copying needs a script. Without one, the button stays hidden and people can select the field by hand.
for (const button of document.querySelectorAll('button[data-copy]')) {
  const field = document.getElementById(button.dataset.copy)
  const said = document.getElementById(button.dataset.said)
  const label = button.textContent
  button.hidden = false
  button.addEventListener('click', async () => {
    try {
      await navigator.clipboard.writeText(field.value)
    } catch {
      field.select()
      if (!document.execCommand('copy')) return
    }
    button.textContent = said.textContent = button.dataset.done
    setTimeout(() => {
      button.textContent = label
      said.textContent = ''
    }, 2000)
  })
}
